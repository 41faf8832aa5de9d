{#- In an incremental model over a cohort: only the rows whose as_of has passed since the model was last built. The clock
    moves past all rows of an instant at once, so the latest instant that is there is complete. -#}
{% macro new_instants(as_of='as_of') -%}
    {%- if is_incremental() -%}
    {{ as_of }} > {{ built_through(as_of) }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}
