{#- Column name → type family of an argument's relation; none where that cannot be known yet. -#}
{% macro _pit_columns(value) -%}
    {%- set relation = asof._pit_relation(value) -%}
    {%- if relation is none -%}{{ return(none) }}{%- endif -%}
    {%- set types = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- set type = column.dtype | lower -%}
        {%- if modules.re.match('^u?(tiny|small|big|huge)?int(eger)?$', type) -%}{%- set type = 'integer' -%}
        {%- elif type in ['text', 'string'] or type.startswith('varchar') or type.startswith('character') -%}
            {%- set type = 'varchar' -%}
        {%- elif type in ['date', 'timestamp_s', 'timestamp_ms', 'timestamp_ns', 'timestamp_ntz'] -%}{%- set type = 'timestamp' -%}
        {%- endif -%}
        {%- do types.update({column.name | lower: type}) -%}
    {%- endfor -%}
    {{ return(types or none) }}
{%- endmacro %}
