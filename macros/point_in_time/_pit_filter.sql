{#- The condition under which a fact can count at all: its key is not null, and the caller's own condition holds. -#}
{% macro _pit_filter(on, where=none) -%}
    {%- set conditions = [] -%}
    {%- for column in on -%}{%- do conditions.append(column ~ ' is not null') -%}{%- endfor -%}
    {%- if where -%}{%- do conditions.append('(' ~ where ~ ')') -%}{%- endif -%}
    {{ return(conditions | join(' and ') if conditions else 'true') }}
{%- endmacro %}
