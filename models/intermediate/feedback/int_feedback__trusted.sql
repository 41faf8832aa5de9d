-- One row per problem and author that its declaration trusts, the most trusted first.
{{ no_rows({'problem': 'varchar', 'author': 'varchar', 'place': 'integer'}) }}
{%- for problem in var('problems') -%}
{%- for author in declared_problem(problem).feedback.trusted %}
union all
select '{{ problem }}', '{{ author | replace("'", "''") }}', {{ loop.index }}
{%- endfor -%}
{%- endfor %}
