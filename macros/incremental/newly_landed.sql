{#- In an incremental model: only what landed since the model was last built. Rows are told by when they landed, not by
    when they were known, so that a file that comes late is not lost. -#}
{% macro newly_landed(landed_at='landed_at') -%}
    {%- if is_incremental() -%}
    {{ landed_at }} > {{ built_through('landed_at') }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}
