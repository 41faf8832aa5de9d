{#- One part of a window from the same part of its pieces; a piece without facts is null and changes nothing. -#}
{% macro _pit_merge(function, pieces) -%}
    {%- if function == 'min' -%} least({{ pieces | join(', ') }})
    {%- elif function == 'max' -%} greatest({{ pieces | join(', ') }})
    {%- else -%}
        case when coalesce({{ pieces | join(', ') }}) is not null then
            {%- for piece in pieces %} coalesce({{ piece }}, 0){{ ' +' if not loop.last }}{% endfor %} end
    {%- endif -%}
{%- endmacro %}
