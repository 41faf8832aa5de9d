-- One row per problem: how its declaration lets people correct labels.
{% for problem in var('problems') %}
{%- set policy = declared_problem(problem).get('feedback', {}) %}
select
    '{{ problem }}' as problem,
    '{{ policy.get('conflict', 'latest') }}' as conflict,
    '{{ policy.get('use_in_training', 'never') }}' as use_in_training
{{ "union all" if not loop.last }}
{% endfor %}
