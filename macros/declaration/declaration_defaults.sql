{#- What SQL reads of a declaration where its YAML leaves a key out. The same defaults stand in ml/problem/declared, where they are
    validated; tests/architecture compares every one. -#}
{% macro declaration_defaults() -%}
    {{ return({
        'slices': [],
        'retraining': {
            'cadence': 'weekly',
            'triggers': [],
            'windows': 5,
            'beyond': 2,
            'loss': 0.03,
            'new_labels': none,
            'cooldown_days': 14,
            'daily_maximum': 1,
        },
        'validation': {'value_margin': 0.02, 'past': true, 'broken_share': 0.05, 'watch_days': 28, 'rollback': 'automatic', 'first_champion': 'by_verdict', 'horizon_days': none},
        'feedback': {'conflict': 'latest', 'trusted': [], 'use_in_training': 'never'},
    }) }}
{%- endmacro %}
