{#- In an incremental model over a cohort: only the facts that its new rows can reach back to. `reach` must be at least as long
    as the longest window, or the model would be another one after a full refresh. -#}
{% macro within_reach(known_at, reach, as_of='as_of') -%}
    {%- if is_incremental() -%}
    {{ known_at }} >= {{ built_through(as_of) }} - interval '{{ reach }}'
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}
