{#- Whether practically all of so many labels have arrived: of a hundred one may be later still, or never come. A condition. -#}
{% macro practically_all(arrived, all) -%}
    {{ arrived }} >= 0.99 * {{ all }}
{%- endmacro %}
