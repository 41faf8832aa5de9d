{#- In an incremental model: how far it is built, the greatest value of a column; 1900 for a model that is there and empty,
    as after a first build on the first morning, when a bare max would be null and nothing would ever be added. `empty` says
    another value for that, where the column is no instant.

    It is asked before the model runs, once however often the model says it, and stands in the SQL as a literal: only a literal
    lets the database skip the parts of a table that are too old, so that a new day costs the new day. A unit test gives `this`
    as the name of its rows: there it is a query. -#}
{% macro built_through(column, where=none, empty=none) -%}
    {%- set latest -%}
    (select coalesce(max({{ column }}), {{ empty or "timestamp '1900-01-01'" }}) from {{ this }}{{ ' where ' ~ where if where }})
    {%- endset -%}
    {%- if not execute or this is string -%}{{ return(latest) }}{%- endif -%}
    {#- `model` lives as long as this rendering of the model -#}
    {%- set asked = model.setdefault('built_through', {}) -%}
    {%- if latest not in asked -%}
        {%- do asked.update({latest: answer(latest)}) -%}
    {%- endif -%}
    {{ asked[latest] if empty else "timestamp '" ~ asked[latest] ~ "'" }}
{%- endmacro %}
