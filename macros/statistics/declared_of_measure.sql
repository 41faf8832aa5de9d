{#- What `vars: signals: measures` declares of the measure in a column `measure`: an expression.

    key  monitor, least or up; `up` is false where it is not declared -#}
{% macro declared_of_measure(key) -%}
    {%- if key not in ['monitor', 'least', 'up'] -%}
        {{ exceptions.raise_compiler_error("declared_of_measure: key must be monitor, least or up, not '" ~ key ~ "'") }}
    {%- endif -%}
    case measure
        {%- for measure, declared in var('signals').measures.items() %}
        when '{{ measure }}' then {{ "'" ~ declared[key] ~ "'" if key == 'monitor' else declared.get(key, false) }}
        {%- endfor %}
    end
{%- endmacro %}
