-- One row per kind, problem, subject and instant at which a monitor was beyond its limit: what alerts are made of.
{%- set found_by = [
    'signals', 'validation', 'quality', 'skew', 'failed_run', 'unreconciled', 'changed_file', 'quota', 'quarantine', 'training_cost',
    'training_overdue',
] %}
with findings as (
    {%- for name in found_by %}
    select * from {{ ref('mon_findings__' ~ name) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

-- What is found twice is one finding: two challengers that failed a gate at one instant by the same figure.
found_once as (
    select * from findings
    qualify row_number() over (
        partition by kind, problem, subject, node, seen_at, value order by rows_at_stake desc nulls last, limit_value
    ) = 1
),

kinds as (select * from {{ ref('alert_kinds') }}),

clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

-- What labels say of a day is new on the day on which they come.
label_delays as (select problem, max_by(days, end_day) as days from {{ ref('mon_label_delay') }} group by problem)

select
    findings.problem,
    findings.kind,
    findings.subject,
    concat_ws('/', findings.kind, findings.problem, findings.alert_subject) as alert_id,
    findings.node,
    findings.seen_at,
    findings.measure,
    findings.value,
    findings.limit_value,
    coalesce(findings.severity, kinds.severity) as severity,
    findings.damage,
    findings.rows_at_stake,
    kinds.period_days,
    -- a kind that does not age tells by itself when it is over
    kinds.closes_after_days is null
    or findings.seen_at >= clock.today - kinds.closes_after_days - case when kinds.waits_for_labels then coalesce(label_delays.days, 0) else 0 end
        as is_standing
from found_once as findings
inner join kinds using (kind)
left join label_delays on label_delays.problem = findings.problem
cross join clock
