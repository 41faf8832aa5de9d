-- One row per problem: its declared policy of retraining.
{{ no_rows({
    'problem': 'varchar', 'metric': 'varchar', 'cadence': 'varchar', 'triggers': 'varchar', 'windows': 'integer', 'beyond': 'integer',
    'loss': 'double', 'new_labels': 'bigint', 'cooldown_days': 'integer', 'daily_maximum': 'integer',
}) }}
{%- for name in var('problems') %}
{%- set declared = declared_problem(name) %}
{%- set policy = declared.retraining %}
union all
select
    '{{ name }}' as problem,
    '{{ declared.metric }}' as metric,
    '{{ policy.cadence }}' as cadence,
    '{{ policy.triggers | join(' ') }}' as triggers,
    {{ policy.windows }} as windows,
    {{ policy.beyond }} as beyond,
    cast({{ policy.loss }} as double) as loss,
    cast({{ policy.new_labels or 'null' }} as bigint) as new_labels,
    {{ policy.cooldown_days }} as cooldown_days,
    {{ policy.daily_maximum }} as daily_maximum
{%- endfor %}
