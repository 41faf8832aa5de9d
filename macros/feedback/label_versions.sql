{#- One row per row of `observed` and version of its label: as observed, and after each correction that the declaration lets
    count. Versions are only ever added, so what was known as of an instant stays what it was. -#}
{% macro label_versions(observed, problem, entity, label, as_of='as_of') -%}
    {%- set type = declared_problem(problem).columns | selectattr('name', 'equalto', label) | map(attribute='data_type') | list -%}
    {%- set corrections = ref('int_feedback__corrections') -%}
    select {{ entity }}, {{ as_of }}, {{ label }}, label_known_at, false as is_correction
    from {{ observed }}
    union all
    -- Corrections that were there before the outcome, or with it, are known just after it: the last of them counts.
    select
        observed.{{ entity }},
        observed.{{ as_of }},
        cast(max_by(said.label, said.known_at) as {{ type[0] if type else 'boolean' }}),
        greatest(said.known_at, observed.label_known_at + interval '1 microsecond') as label_known_at,
        true
    from {{ observed }} as observed
    inner join {{ corrections }} as said
        on said.problem = '{{ problem }}' and said.purpose = 'used'
        and said.entity_id = {{ 'cast(observed.' ~ entity ~ ' as ' ~ dbt.type_string() ~ ')' }} and said.row_as_of = observed.{{ as_of }}
    group by 1, 2, 4
{%- endmacro %}
