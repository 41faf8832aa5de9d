-- One row per kind, problem, subject and instant at which a monitor was beyond its limit: what alerts are made of.
{%- set kinds = [
    'failed_run', 'quality_below_rule', 'quality_estimated', 'quality_realised', 'quota', 'quarantine', 'volume', 'feature_drift',
    'missing_values', 'skew', 'prediction_drift', 'proxies', 'label_drift', 'test_set_drift', 'training_cost', 'training_overdue', 'gate_failed', 'no_promotion',
] %}
with unite as (
    {%- for kind in kinds %}
    select * from {{ ref('mon_findings__' ~ kind) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

kinds as (select * from {{ ref('alert_kinds') }}),

clock as (select cast(now as date) as today from {{ ref('stg_asof__clock') }}),

-- What labels say of a day is new on the day on which they come.
waits as (select problem, max_by(days, end_day) as days from {{ ref('mon_label_delay') }} group by problem)

select
    unite.problem,
    unite.kind,
    unite.subject,
    concat_ws('/', unite.kind, unite.problem, unite.alert_subject) as alert_id,
    unite.node,
    unite.seen_at,
    unite.measure,
    unite.value,
    unite.limit_value,
    coalesce(unite.severity, kinds.severity) as severity,
    unite.damage,
    unite.rows_at_stake,
    kinds.period_days,
    -- a kind that does not age tells by itself when it is over
    kinds.closes_after_days is null
    or unite.seen_at >= clock.today - kinds.closes_after_days - case when kinds.waits_for_labels then coalesce(waits.days, 0) else 0 end
        as is_standing
from unite
inner join kinds using (kind)
left join waits on waits.problem = unite.problem
cross join clock
