{#- The name of the one column that has a role. -#}
{% macro declared_column(problem, role) -%}
    {%- set found = declared_problem(problem).columns | selectattr('role', 'equalto', role) | map(attribute='name') | list -%}
    {{ return(found[0] if found else role) }}
{%- endmacro %}
