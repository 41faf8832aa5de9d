{#- The length of a window in seconds. Months and years are refused: their length depends on where they start. -#}
{% macro _pit_seconds(name, argument, window) -%}
    {%- set match = modules.re.match('^([1-9][0-9]*) (second|minute|hour|day|week)s?$', window | string) -%}
    {%- if not match -%}
        {{ asof._pit_error(name, argument, "is '" ~ window ~ "', not an interval such as '3 hours' or '28 days'"
            ~ ' (units: seconds, minutes, hours, days, weeks)') }}
    {%- endif -%}
    {%- set unit = {'second': 1, 'minute': 60, 'hour': 3600, 'day': 86400, 'week': 604800} -%}
    {{ return((match.group(1) | int) * unit[match.group(2)]) }}
{%- endmacro %}
