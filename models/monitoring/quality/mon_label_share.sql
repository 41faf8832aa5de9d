-- One row per problem and day: which share of labels usually comes at all, as the days before it say that are older than a quarter.
{%- set quarter = var('estimation').delay_days %}
with shares as (
    select problem, cast(as_of as date) as day, cast(count(label) as double) / count(*) as share
    from {{ ref('mon_scored') }}
    group by all
)

-- What has not come within a quarter never will. Of ten such days the one with the fewest labels; days without any were an outage.
select
    problem,
    day,
    quantile_cont(case when share > 0 then share end, 0.1) over (
        partition by problem order by day
        range between interval {{ 2 * quarter }} days preceding and interval {{ quarter }} days preceding
    ) as usual_share
from shares
