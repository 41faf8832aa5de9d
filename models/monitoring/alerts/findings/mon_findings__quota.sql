-- One row per quota that is used beyond its limit or its warning level, or that will be soon.
with quota as (
    select
        *,
        case when limit_value = floor(limit_value) then cast(cast(limit_value as bigint) as varchar) else cast(limit_value as varchar) end
            as limit_text
    from {{ ref('mon_quota') }}
),

clock as (select *, cast(now as date) as today from {{ ref('stg_asof__clock') }})

select
    cast(null as varchar) as problem,
    'quota' as kind,
    quota.quota as subject,
    quota.quota as alert_subject,
    cast(null as varchar) as node,
    clock.now as seen_at,
    case quota.status
        when 'over' then concat(unit, ' a ', period)
        when 'near' then concat(unit, ' a ', period, ', of ', limit_text, ' that may be used')
        else concat('days until ', limit_text, ' ', unit, ' a ', period, ' are reached')
    end as measure,
    cast(
        case quota.status
            when 'soon' then greatest({{ days_since_1970('reached_on') }} - {{ days_since_1970('clock.today') }}, 0) else quota.used
        end as double
    ) as value,
    -- each status against what makes it one
    cast(case quota.status
        when 'over' then quota.limit_value when 'near' then quota.warn_at * quota.limit_value else quota.warn_days
    end as double) as limit_value,
    -- beyond the limit things break; before it there is time
    case when quota.status = 'over' then 'critical' end as severity,
    cast(null as double) as damage,
    cast(null as bigint) as rows_at_stake
from quota
cross join clock
where quota.status in ('over', 'near', 'soon')
