{#- Whether practically all of so many labels have arrived: of a hundred one may be later still, or never come. Where more never come, as many
    as usually do. A condition.
    usual  the share that comes, as `mon_label_share` has it; null and none: all -#}
{% macro practically_all(arrived, all, usual=none) -%}
    {{ arrived }} >= 0.99 * {{ all }}{% if usual %} * case when {{ usual }} < 0.99 then {{ usual }} else 1 end{% endif %}
{%- endmacro %}
