{#- The taken columns as a dict of output name to expression; none may collide with the key or the reserved names. -#}
{% macro _pit_take(name, take, reserved) -%}
    {%- set taken = {} -%}
    {%- if take is mapping -%}
        {%- do asof._pit_list(name, 'take', take.keys() | list) -%}
        {%- do taken.update(take) -%}
    {%- else -%}
        {%- for column in asof._pit_list(name, 'take', take) -%}{%- do taken.update({column: column}) -%}{%- endfor -%}
    {%- endif -%}
    {%- for column in taken if column in reserved -%}
        {{ asof._pit_error(name, 'take', 'names ' ~ column ~ ', which the result already has') }}
    {%- endfor -%}
    {{ return(taken) }}
{%- endmacro %}
