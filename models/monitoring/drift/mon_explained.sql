-- One row per prediction of any problem that has reasons, with them in words.
{{ no_rows({
    'problem': 'varchar', 'entity_id': 'varchar', 'as_of': 'timestamp', 'model_version': 'varchar', 'score': 'double', 'flagged': 'boolean',
    'reasons': 'varchar', 'reasons_raw': 'varchar',
}) }}
{%- for problem in var('problems') %}
union all
select
    '{{ problem }}' as problem,
    cast({{ declared_column(problem, 'entity') }} as varchar) as entity_id,
    {{ declared_column(problem, 'as_of') }} as as_of,
    model_version,
    score,
    flagged,
    {{ reasons_in_words(problem) }} as reasons,
    reasons as reasons_raw
from {{ ref(problem ~ '__predictions') }}
where reasons is not null
{%- endfor %}
