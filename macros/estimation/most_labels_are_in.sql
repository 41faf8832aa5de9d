{#- Whether so many labels are a fair sample of so many rows: what is known first is none, so nine in ten must be in. Where fewer come at all,
    nine in ten of those that do. A condition.
    usual  the share that comes, as `mon_label_share` has it; null and none: all -#}
{% macro most_labels_are_in(labelled, rows, usual=none) -%}
    {%- set most = 1 - var('estimation').unverified_share -%}
    {{ labelled }} >= {{ most }} * {{ rows }}{% if usual %} * case when {{ usual }} < {{ most }} then {{ usual }} else 1 end{% endif %}
{%- endmacro %}
