-- One row per problem, model version and day: how far the reasons that it gave are from those of the four weeks before.
{%- set how = signal_windows() %}
with reasons as (select * from {{ ref('mon_reasons') }}),

days_explained as (
    select problem, model_version, day, max(rows_explained) as rows_explained from reasons group by all
),

-- A feature that is not among the reasons of a day has a share of 0.
shares_by_day as (
    select days_explained.*, features.feature, coalesce(reasons.share, 0) as share
    from days_explained
    inner join (select distinct problem, model_version, feature from reasons) as features using (problem, model_version)
    left join reasons using (problem, model_version, day, feature)
),

-- What gives reasons is a version: the next one has its own.
shares_before as (
    select
        *,
        avg(share) over before as usual_share,
        count(*) over before as days_before
    from shares_by_day
    window before as (
        partition by problem, model_version, feature order by day
        range between interval {{ how.level_days }} days preceding and interval 1 days preceding
    )
)

select
    problem,
    model_version,
    day,
    max(rows_explained) as rows_explained,
    -- Bray and Curtis 1957: 0 where all shares are what they were, 1 where no feature is common to both
    sum(abs(share - usual_share)) / nullif(sum(share + usual_share), 0) as moved
from shares_before
where days_before >= {{ how.fewest_zeros }}
group by problem, model_version, day
