{#- A number of at least 0 as people write it: whole from ten on, with commas between thousands, else two digits that say something. -#}
{% macro number_in_words(size) -%}
    case
        when {{ size }} >= 1e15 then {{ format_number('{:.2g}', size) }}
        when {{ size }} >= 9.95 or {{ size }} = round({{ size }}) then {{ format_number('{:,.0f}', size) }}
        when {{ size }} >= 0.995 then replace({{ format_number('{:.1f}', size) }}, '.0', '')
        else {{ format_number('{:.2g}', size) }}
    end
{%- endmacro %}
