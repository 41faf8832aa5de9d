{#- In an incremental model: how far it is built, the greatest value of a column; 1900 for a model that is there and empty,
    as after a first build on the first morning, when a bare max would be null and nothing would ever be added. -#}
{% macro built_through(column, where=none) -%}
    (select coalesce(max({{ column }}), timestamp '1900-01-01') from {{ this }}{{ ' where ' ~ where if where }})
{%- endmacro %}
