-- One row per prediction of any problem, with its outcome once that is known.
{% for problem in var('problems') %}
select
    '{{ problem }}' as problem,
    entity_id,
    as_of,
    model_version,
    score,
    rule_score,
    flagged,
    label,
    observed_label,
    label_known_at
from {{ ref(problem ~ '__outcomes') }}
{{ "union all" if not loop.last }}
{% endfor %}
