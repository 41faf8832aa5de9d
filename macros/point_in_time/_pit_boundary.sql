{#- The last boundary of days or hours strictly before an instant, by name of the period. -#}
{% macro _pit_boundary(name, every, as_of) -%}
    {%- if every not in ['day', 'hour'] -%}{{ asof._pit_error(name, 'every', "is '" ~ every ~ "', not 'day' or 'hour'") }}{%- endif -%}
    {{ return(asof.last_midnight_before(as_of) if every == 'day' else "date_trunc('hour', " ~ as_of ~ " - interval '1 microsecond')") }}
{%- endmacro %}
