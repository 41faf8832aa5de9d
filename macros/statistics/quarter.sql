{#- The name of the quarter that a number falls into, such as `12 to 30`; `edges` is a list of its three quartiles. -#}
{% macro quarter(value, edges) -%}
    case
        when {{ value }} is null then 'missing'
        when {{ value }} <= {{ edges }}[1] then format('≤ {:.4g}', cast({{ edges }}[1] as double))
        when {{ value }} <= {{ edges }}[2] then format('{:.4g} < … ≤ {:.4g}', cast({{ edges }}[1] as double), cast({{ edges }}[2] as double))
        when {{ value }} <= {{ edges }}[3] then format('{:.4g} < … ≤ {:.4g}', cast({{ edges }}[2] as double), cast({{ edges }}[3] as double))
        else format('> {:.4g}', cast({{ edges }}[3] as double))
    end
{%- endmacro %}
