{#- In an incremental monitor: the oldest period whose labels are not those that the model was built from, as a date literal; the end of
    the calendar where nothing changed. Labels may come after months, late files bring old ones, people correct them: whatever the
    reason, that period is open again (`open_days`).

    now      query: problem, period, labels and positives, as they stand; a period that is not there has no label
    seen     query: the same of `this`
    columns  those of `this` that `seen` needs and an older warehouse may not have: everything is open there
    It is asked before the model runs. A unit test gives `this` as the name of its rows: there it is a query. -#}
{% macro oldest_change(now, seen, columns=[]) -%}
    {%- if not is_incremental() -%}{{ return("date '9999-12-31'") }}{%- endif -%}
    {%- set oldest -%}
    (
        select coalesce(min(period), date '9999-12-31')
        from ({{ now }}) as now
        full join ({{ seen }}) as seen using (problem, period)
        where
            coalesce(now.labels, 0) <> coalesce(seen.labels, 0)
            or coalesce(now.positives, 0) <> coalesce(seen.positives, 0)
    )
    {%- endset -%}
    {%- if not execute or this is string -%}{{ return(oldest) }}{%- endif -%}
    {%- set there = adapter.get_columns_in_relation(this) | map(attribute='name') | list if columns else [] -%}
    {%- if columns | reject('in', there) | list -%}{{ return("date '1900-01-01'") }}{%- endif -%}
    date '{{ answer(oldest) }}'
{%- endmacro %}
