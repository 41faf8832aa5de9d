{#- What `vars: signals: measures` declares of the measure in a column `measure`: an expression.

    key  monitor, least, most, up or from_zero; most is null, the last two are false where they are not declared -#}
{% macro declared_of_measure(key) -%}
    {%- if key not in ['monitor', 'least', 'most', 'up', 'from_zero'] -%}
        {{ exceptions.raise_compiler_error("declared_of_measure: key must be monitor, least, most, up or from_zero, not '" ~ key ~ "'") }}
    {%- endif -%}
    case measure
        {%- for measure, declared in var('signals').measures.items() %}
        when '{{ measure }}' then {{ "'" ~ declared[key] ~ "'" if key == 'monitor' else declared.get(key, 'null' if key == 'most' else false) }}
        {%- endfor %}
    end
{%- endmacro %}
