{#- The longest of windows that must be whole days, as {tag, seconds}. -#}
{% macro _pit_days(name, windows) -%}
    {%- set longest = {'tag': none, 'seconds': 0} -%}
    {%- for tag, length in asof._pit_windows(name, windows).items() -%}
        {%- if length % 86400 -%}
            {{ asof._pit_error(name, 'windows.' ~ tag, "is '" ~ windows[tag] ~ "', not a whole number of days") }}
        {%- elif length > longest.seconds -%}
            {%- do longest.update({'tag': tag, 'seconds': length}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(longest) }}
{%- endmacro %}
