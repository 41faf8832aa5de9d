-- One row per problem that somebody should look at, or had to: its state is what its events have made of it.
{{ config(tags=['published']) }}
with events as (
    select
        *,
        -- what comes back after it was closed is another episode
        coalesce(count_if(event = 'closed') over (
            partition by alert_id order by number rows between unbounded preceding and 1 preceding
        ), 0) as episode
    from {{ ref('ledger_alert_events') }}
),

kinds as (select * from {{ ref('alert_kinds') }}),

events_of_each_alert as (
    select
        alert_id,
        max(number) filter (where event in ('opened', 'acknowledged', 'closed')) as changed_number,
        max(number) filter (where event = 'opened') as opened_number,
        max(as_of) filter (where event = 'opened') as opened_at,
        cast(count_if(event = 'opened') as bigint) as times_opened,
        cast(count_if(event in ('opened', 'seen')) as bigint) as times_seen,
        -- what was seen last; every one of these events carries all of it
        max(number) filter (where event in ('opened', 'seen')) as seen_number
    from events
    group by alert_id
),

-- An event holds what stands on its day; what was found first may have aged since, and was found all the same.
episodes as (
    select alert_id, episode, min(first_seen) as first_seen from events where event in ('opened', 'seen') group by all
)

select
    events_of_each_alert.alert_id,
    last_seen.short_id,
    last_seen.problem,
    last_seen.kind,
    last_seen.subject,
    case changed.event when 'opened' then 'open' else changed.event end as state,
    last_seen.severity,
    last_seen.owner,
    episodes.first_seen,
    last_seen.last_seen,
    events_of_each_alert.times_seen,
    events_of_each_alert.times_opened,
    last_seen.points,
    last_seen.measure,
    last_seen.value,
    last_seen.limit_value,
    last_seen.damage,
    last_seen.cost,
    last_seen.cause,
    last_seen.findings,
    kinds.title,
    kinds.advice,
    concat('docs/alerts/', last_seen.kind, '.md') as page,
    events_of_each_alert.opened_at,
    case when changed.event = 'closed' then changed.as_of end as closed_at,
    case when changed.event <> 'opened' then changed.by_whom end as by_whom,
    changed.note,
    events_of_each_alert.opened_number
from events_of_each_alert
inner join events as last_seen on last_seen.alert_id = events_of_each_alert.alert_id and last_seen.number = events_of_each_alert.seen_number
inner join events as changed on changed.alert_id = events_of_each_alert.alert_id and changed.number = events_of_each_alert.changed_number
inner join episodes on episodes.alert_id = events_of_each_alert.alert_id and episodes.episode = last_seen.episode
left join kinds on kinds.kind = last_seen.kind
