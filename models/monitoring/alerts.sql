-- One row per problem that somebody should look at, or had to: its state is what its events have made of it.
{{ config(tags=['published']) }}
with events as (select * from {{ ref('alert_events') }}),

kinds as (select * from {{ ref('alert_kinds') }}),

fold as (
    select
        alert_id,
        max_by(event, number) filter (where event in ('opened', 'acknowledged', 'closed')) as last_change,
        max(number) filter (where event = 'opened') as opened_number,
        max_by(kind, number) filter (where event = 'opened') as kind,
        max_by(problem, number) filter (where event = 'opened') as problem,
        max_by(subject, number) filter (where event = 'opened') as subject,
        max_by(owner, number) filter (where event = 'opened') as owner,
        max(as_of) filter (where event = 'opened') as opened_at,
        max(number) filter (where event = 'acknowledged') as acknowledged_number,
        max(number) filter (where event = 'closed') as closed_number,
        max_by(as_of, number) filter (where event = 'closed') as closed_at,
        cast(count_if(event = 'opened') as bigint) as times_opened,
        cast(count_if(event in ('opened', 'seen')) as bigint) as times_seen,
        -- what was seen last; every one of these events carries all of it
        max(number) filter (where event in ('opened', 'seen')) as seen_number,
        max_by(by_whom, number) filter (where event in ('acknowledged', 'closed')) as by_whom,
        max_by(note, number) filter (where event in ('opened', 'acknowledged', 'closed')) as note
    from events
    group by alert_id
),

last_seen as (select * from events where event in ('opened', 'seen'))

select
    fold.alert_id,
    last_seen.short_id,
    fold.problem,
    fold.kind,
    fold.subject,
    case fold.last_change when 'opened' then 'open' else fold.last_change end as state,
    last_seen.severity,
    fold.owner,
    last_seen.first_seen,
    last_seen.last_seen,
    fold.times_seen,
    fold.times_opened,
    last_seen.points,
    last_seen.value,
    last_seen.limit_value,
    last_seen.damage,
    last_seen.cost,
    last_seen.cause,
    last_seen.findings,
    kinds.title,
    kinds.advice,
    concat('docs/alerts/', fold.kind, '.md') as page,
    fold.opened_at,
    case when fold.last_change = 'closed' then fold.closed_at end as closed_at,
    case when fold.last_change <> 'opened' then fold.by_whom end as by_whom,
    fold.note,
    fold.opened_number
from fold
inner join last_seen on last_seen.alert_id = fold.alert_id and last_seen.number = fold.seen_number
left join kinds on kinds.kind = fold.kind
