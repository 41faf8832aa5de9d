{#- Whether so many labels are a fair sample of so many rows: what is known first is none, so nine in ten must be in. A condition. -#}
{% macro most_labels_are_in(labelled, rows) -%}
    {{ labelled }} >= {{ 1 - var('estimation').unverified_share }} * {{ rows }}
{%- endmacro %}
