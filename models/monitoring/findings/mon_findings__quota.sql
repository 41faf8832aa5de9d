-- One row per quota that is used beyond its limit or its warning level, or that will be soon.
with quota as (select * from {{ ref('mon_quota') }}),

clock as (select * from {{ ref('stg_asof__clock') }})

select
    cast(null as varchar) as problem,
    'quota' as kind,
    quota.quota as subject,
    quota.quota as alert_subject,
    cast(null as varchar) as node,
    clock.now as seen_at,
    quota.used as value,
    quota.limit_value,
    -- beyond the limit things break; before it there is time
    case when quota.status = 'over' then 'critical' end as severity,
    cast(null as double) as damage,
    cast(null as bigint) as rows_at_stake
from quota
cross join clock
where quota.status in ('over', 'near', 'soon')
