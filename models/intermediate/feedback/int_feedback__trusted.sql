-- One row per problem and author that its declaration trusts, the most trusted first.
select cast(null as {{ dbt.type_string() }}) as problem, cast(null as {{ dbt.type_string() }}) as author, cast(null as integer) as place
where false
{%- for problem in var('problems') -%}
{%- for author in declared_problem(problem).get('feedback', {}).get('trusted', []) %}
union all
select '{{ problem }}', '{{ author | replace("'", "''") }}', {{ loop.index }}
{%- endfor -%}
{%- endfor %}
