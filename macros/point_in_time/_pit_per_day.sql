{#- How many facts a key has on a day with facts, on average, counted at compile time; 0 where that cannot be known. -#}
{% macro _pit_per_day(facts, on, known_at) -%}
    {%- if execute and model.config.materialized == 'incremental' and is_incremental() -%}{{ return(0) }}{%- endif -%}
    {%- set relation = _pit_relation(facts) -%}
    {%- if relation is none -%}{{ return(0) }}{%- endif -%}
    {%- set counted -%}
        select coalesce(sum(pit_n) * 1.0 / nullif(count(*), 0), 0) from (
            select count(*) as pit_n from {{ relation }}
            where {{ known_at }} is not null and {{ _pit_filter(on) }}
            group by {{ (on + ["date_trunc('day', " ~ known_at ~ ')']) | join(', ') }}
        ) as pit_days
    {%- endset -%}
    {{ return(run_query(counted).rows[0][0] | float) }}
{%- endmacro %}
