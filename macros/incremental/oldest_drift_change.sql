{#- What `oldest_change` says of a model made by `drift_by_period`, which counts labels as a feature of its own. A model version without
    cells has no drift: its labels are not asked for.
    column  the period, a column of the model
    period  expression of it, of a day -#}
{% macro oldest_drift_change(column, period) -%}
    {%- set has_cells = "(problem, model_version) in (select problem, model_version from " ~ ref('mon_cells') ~ " where feature = 'label')" -%}
    {%- set seen -%}
    select problem, {{ column }} as period, sum(rows_served) as labels, sum(round(rows_served * mean)) as positives
    from {{ this }}
    where feature = 'label'
    group by all
    {%- endset -%}
    {{ return(oldest_change(labels_by_period(period, has_cells), seen)) }}
{%- endmacro %}
