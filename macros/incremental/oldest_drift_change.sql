{#- What `oldest_change` says of a model made by `drift_by_period`, which counts labels as a feature of its own. A model version without
    cells has no drift: its labels are not asked for.
    column  the period, a column of the model
    period  expression of it, of a day -#}
{% macro oldest_drift_change(column, period) -%}
    {%- set has_cells = "(problem, model_version) in (select problem, model_version from " ~ ref('mon_cells') ~ " where feature = 'label')" -%}
    {#- of numbers and classes labels are counted only: nobody corrects them -#}
    {%- set counted = 'select problem, period, labels, case when ' ~ is_binary() ~ ' then positives else 0 end as positives from (' -%}
    {%- set seen -%}
    select
        problem, {{ column }} as period, sum(rows_served) as labels,
        sum(case when {{ is_binary() }} then round(rows_served * mean) else 0 end) as positives
    from {{ this }}
    where feature = 'label'
    group by all
    {%- endset -%}
    {{ return(oldest_change(counted ~ labels_by_period(period, has_cells) ~ ') as by_period', seen)) }}
{%- endmacro %}
