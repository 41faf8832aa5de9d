{#- In an incremental model over a cohort: only the rows whose as_of has passed since the model was last built. The clock
    moves past all rows of an instant at once, so the latest instant that is there is complete. -#}
{% macro new_instants(as_of='as_of') -%}
    {%- if is_incremental() -%}
    {{ as_of }} > (select coalesce(max({{ as_of }}), timestamp '1900-01-01') from {{ this }})
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}
