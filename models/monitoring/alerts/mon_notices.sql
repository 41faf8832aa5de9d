-- One row per alert and channel: when people got a message, how bad it was then, and whether a message waits.
with events as (
    select * from {{ ref('ledger_alert_events') }} where event in ('notified', 'undelivered', 'suppressed')
)

select
    alert_id,
    channel,
    count_if(event = 'notified') as times_notified,
    max(written_at) filter (where event = 'notified') as notified_at,
    max(number) filter (where event = 'notified') as notified_number,
    max_by(severity, number) filter (where event = 'notified') as notified_severity,
    max(number) filter (where event = 'suppressed') as suppressed_number,
    coalesce(
        max(number) filter (where event = 'undelivered') > coalesce(max(number) filter (where event = 'notified'), 0), false
    ) as is_pending
from events
group by alert_id, channel
