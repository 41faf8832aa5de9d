{#- The windows as a dict of tag to seconds; each tag must be able to end a column name. -#}
{% macro _pit_windows(name, windows) -%}
    {%- if windows is not mapping or not windows -%}
        {{ asof._pit_error(name, 'windows', "is not a dict such as {'28d': '28 days'}") }}
    {%- endif -%}
    {%- set seconds = {} -%}
    {%- for tag, window in windows.items() -%}
        {%- if not modules.re.match('^[A-Za-z0-9_]+$', tag | string) -%}
            {{ asof._pit_error(name, 'windows', "has the tag '" ~ tag ~ "', which cannot end a column name") }}
        {%- endif -%}
        {%- do seconds.update({tag: asof._pit_seconds(name, 'windows.' ~ tag, window)}) -%}
    {%- endfor -%}
    {{ return(seconds) }}
{%- endmacro %}
