-- One row per source with landed files that are not as they landed.
with last_checks as (
    select * from {{ ref('ledger_file_checks') }}
    qualify row_number() over (partition by source, batch_id order by number desc) = 1
),

changed as (
    select source, count(*) as files, min(file) as first_file, max(as_of) as as_of
    from last_checks
    where not is_as_landed
    group by source
)

select
    cast(null as varchar) as problem,
    'changed_file' as kind,
    source as subject,
    source as alert_subject,
    source as node,
    coalesce(as_of, (select now from {{ ref('stg_asof__clock') }})) as seen_at,
    concat('landed files that have another sha256 now, the first is ', first_file, ':') as measure,
    cast(files as double) as value,
    cast(0 as double) as limit_value,
    cast(null as varchar) as severity,
    cast(null as double) as damage,
    cast(null as bigint) as rows_at_stake
from changed
