-- One row per problem: how its declaration lets people correct labels.
{{ no_rows({'problem': 'varchar', 'conflict': 'varchar', 'use_in_training': 'varchar'}) }}
{%- for problem in var('problems') %}
{%- set policy = declared_problem(problem).feedback %}
union all
select
    '{{ problem }}' as problem,
    '{{ policy.conflict }}' as conflict,
    '{{ policy.use_in_training }}' as use_in_training
{%- endfor %}
