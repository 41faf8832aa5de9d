{#- The output columns `<measure>_<tag>` from the parts of every window. -#}
{% macro _pit_finals(plan, windows, as_of) -%}
    {%- for out, how in plan.measures.items() -%}{%- for tag in windows %},
        {{ asof._pit_final(how[0], how[1], tag, as_of) }} as {{ out }}_{{ tag }}
    {%- endfor -%}{%- endfor -%}
{%- endmacro %}
