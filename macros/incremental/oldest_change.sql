{#- In an incremental monitor: the oldest period whose labels are not those that the model was built from, as a date literal; the end of
    the calendar where nothing changed. Labels may come after months, late files bring old ones, people correct them: whatever the
    reason, that period is open again (`open_days`).

    now   query: problem, period, labels and positives, as they stand
    seen  query: the same of `this`; a period that is not there had no label
    It is asked before the model runs. A unit test gives `this` as the name of its rows: there it is a query. -#}
{% macro oldest_change(now, seen) -%}
    {%- if not is_incremental() -%}{{ return("date '9999-12-31'") }}{%- endif -%}
    {%- set oldest -%}
    (
        select coalesce(min(now.period), date '9999-12-31')
        from ({{ now }}) as now
        left join ({{ seen }}) as seen on seen.problem = now.problem and seen.period = now.period
        where now.labels <> coalesce(seen.labels, 0) or now.positives <> coalesce(seen.positives, 0)
    )
    {%- endset -%}
    {%- if not execute or this is string -%}{{ return(oldest) }}{%- endif -%}
    date '{{ run_query("select cast(" ~ oldest ~ " as " ~ dbt.type_string() ~ ")").rows[0][0] }}'
{%- endmacro %}
