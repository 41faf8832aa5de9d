{#- The name of the quarter that a number falls into, such as `12 to 30`; `edges` is a list of its three quartiles. Seven digits:
    a day or an amount stays exact. ml/problem/words.py reads this form. -#}
{% macro quarter(value, edges) -%}
    case
        when {{ value }} is null then 'missing'
        when {{ value }} <= {{ edges }}[1] then format('≤ {:.7g}', cast({{ edges }}[1] as double))
        when {{ value }} <= {{ edges }}[2] then format('{:.7g} < … ≤ {:.7g}', cast({{ edges }}[1] as double), cast({{ edges }}[2] as double))
        when {{ value }} <= {{ edges }}[3] then format('{:.7g} < … ≤ {:.7g}', cast({{ edges }}[2] as double), cast({{ edges }}[3] as double))
        else format('> {:.7g}', cast({{ edges }}[3] as double))
    end
{%- endmacro %}
