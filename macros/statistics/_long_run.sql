{#- One row per group of `by`: the clusters, the degrees of freedom, and the variance of each metric, from what each cluster moves it by. A SELECT.

    Without `overlaps`, and where labels share nothing: the sum of squares. Where the labels of `overlap` clusters in a row share outcomes,
    the mean over windows twice as long of the squared sums within, windows that hang over either end included (Bartlett's kernel), never
    below the sum of squares; degrees of freedom are as often as the window fits. ml/statistics/long_run.py is the same.

    influence  a CTE: a row per group and cluster, a column per metric; over the clusters of a group each of them sums to 0
    metrics    names of its columns
    overlaps   a CTE or table with `overlap` and the columns of `overlap_by`, which are some of `by`; none: labels share nothing
    Source     Newey and West 1987; degrees of freedom after Kiefer and Vogelsang 2005. -#}
{% macro _long_run(influence, by, cluster, metrics, overlaps=none, overlap_by=none) -%}
    {%- set keys = by | join(', ') -%}
    {%- if not overlaps -%}
    select
        {{ keys }}, count(*) as clusters, count(*) - 1 as freedom
        {%- for metric in metrics %}, {{ ordered_sum(metric ~ ' * ' ~ metric) }} * count(*) / nullif(count(*) - 1, 0) as {{ metric }}{% endfor %}
    from {{ influence }}
    group by {{ keys }}
    {%- else -%}
    select
        {{ keys }}, count(*) as clusters,
        case when max(reach) > 1 then least(count(*) - 1, count(*) * 1e0 / max(reach)) else count(*) - 1 end as freedom
        {%- for metric in metrics %},
        greatest(
            {{ ordered_sum(metric ~ ' * ' ~ metric) }},
            ({{ ordered_sum('within_' ~ metric ~ ' * within_' ~ metric) }}
            + coalesce({{ ordered_sum('before_' ~ metric ~ ' * before_' ~ metric) }} filter (where place > parts - reach and place < parts), 0))
            / max(least(reach, parts))
        ) * count(*) / nullif(count(*) - 1, 0) as {{ metric }}
        {%- endfor %}
    from (
        select
            *
            {%- for metric in metrics %},
            sum({{ metric }}) over (partition by {{ keys }} order by {{ cluster }} rows between least(reach, parts) - 1 preceding and current row) as within_{{ metric }},
            sum({{ metric }}) over (partition by {{ keys }} order by {{ cluster }} rows between unbounded preceding and current row) as before_{{ metric }}
            {%- endfor %}
        from (
            select
                moved.*,
                case when overlap > 1 then 2 * overlap else 1 end as reach,
                row_number() over (partition by {{ keys }} order by {{ cluster }}) as place,
                count(*) over (partition by {{ keys }}) as parts
            from {{ influence }} as moved
            left join {{ overlaps }} using ({{ overlap_by | join(', ') }})
        ) as numbered
    ) as summed
    group by {{ keys }}
    {%- endif -%}
{%- endmacro %}
