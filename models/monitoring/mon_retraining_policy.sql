-- One row per problem: its declared policy of retraining. What the declaration leaves out is as in ml/declared/retraining.py.
{%- set problems = var('problems') %}
{%- for name in problems %}
{%- set declared = declared_problem(name) %}
{%- set policy = declared.get('retraining') or {} %}
select
    '{{ name }}' as problem,
    '{{ declared.get('metric', 'roc_auc') }}' as metric,
    '{{ policy.get('cadence', 'weekly') }}' as cadence,
    '{{ (policy.get('triggers') or []) | join(' ') }}' as triggers,
    {{ policy.get('windows', 5) }} as windows,
    {{ policy.get('beyond', 2) }} as beyond,
    cast({{ policy.get('loss', 0.03) }} as double) as loss,
    cast({{ policy.get('new_labels') or 'null' }} as bigint) as new_labels,
    {{ policy.get('cooldown_days', 14) }} as cooldown_days,
    {{ policy.get('daily_maximum', 1) }} as daily_maximum
{{ 'union all' if not loop.last }}
{%- endfor %}
