{#- What `oldest_change` says of a model of the quality of numbers or classes by week: labels are counted, and nobody corrects them.
    task  regression or multiclass -#}
{% macro labels_changed(task) -%}
    {%- set names = problems_of([task]) -%}
    {%- set mine = "problem in ('" ~ names | join("', '") ~ "')" if names else 'false' -%}
    {%- set counted = labels_by_period("cast(date_trunc('week', day) as date)", where=mine) -%}
    {{ return(oldest_change(
        'select problem, period, labels, 0 as positives from (' ~ counted ~ ') as by_week',
        'select problem, period, max(rows_labelled) as labels, 0 as positives from ' ~ this ~ " where scorer = 'champion' and grain = 'week' group by all",
    )) }}
{%- endmacro %}
