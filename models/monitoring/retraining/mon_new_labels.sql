-- One row per problem: the labels that have become known since its last training, all of them before the first.
with clock as (select * from {{ ref('stg_asof__clock') }}),

last_training as (
    select problem, max(as_of) as trained_as_of
    from {{ ref('ledger_runs') }}
    where phase = 'training' and status = 'succeeded'
    group by problem
)

{{ no_rows({'problem': 'varchar', 'labels': 'bigint'}) }}
{%- for name in var('problems') %}
{%- set known_at = declared_column(name, 'label_known_at') %}
union all
select '{{ name }}' as problem, count(*) as labels
from {{ ref(name ~ '__training_set') }} as rows
cross join clock
left join last_training on last_training.problem = '{{ name }}'
where rows.{{ known_at }} >= coalesce(last_training.trained_as_of, rows.{{ known_at }}) and rows.{{ known_at }} < clock.now
{%- endfor %}
