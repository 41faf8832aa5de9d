{#- Second step: the size of the value, its unit, and the text that fits it: that for a missing value, for one below 0 or false, or any
    other. A value that does not fit its unit is a plain number or a text. Fields of a struct. -#}
{% macro _reason_measured() -%}
    {%- set unit, number, value = "one['declared']['unit']", "one['number']", "one['value']" -%}
    size := abs({{ number }}),
    name := replace(one['feature'], '_', ' '),
    unit := case
        when {{ unit }} = 'boolean' and {{ value }} in ('true', 'false', '1', '0') then 'boolean'
        when {{ unit }} = 'date' and (isfinite(try_cast({{ value }} as date)) or {{ number }} between -354285 and 999999) then 'date'
        when {{ unit }} = 'time_of_day' and ({{ number }} < 0 or {{ number }} >= 1440) then 'number'
        when {{ unit }} = 'weekday' and {{ number }} not in (1, 2, 3, 4, 5, 6, 7) then 'number'
        when {{ number }} is null or {{ unit }} in ('boolean', 'date', 'category') then 'category'
        when abs({{ number }}) >= 1e15 then 'number'
        else coalesce({{ unit }}, 'number')
    end,
    negative := case
        when {{ number }} < 0 or ({{ unit }} = 'boolean' and {{ value }} in ('false', '0')) then one['declared']['negative']
    end
{%- endmacro %}
