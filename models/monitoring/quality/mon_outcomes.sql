-- One row per prediction that stands, of any problem, with its outcome once that is known.
{{ no_rows({
    'problem': 'varchar', 'task': 'varchar', 'entity_id': 'varchar', 'as_of': 'timestamp', 'model_version': 'varchar', 'score': 'double',
    'rule_score': 'double', 'flagged': 'boolean', 'label': 'boolean', 'observed_label': 'boolean', 'label_known_at': 'timestamp',
    'number': 'double', 'rule_number': 'double', 'outcome': 'double', 'outcome_class': 'varchar',
}) }}
{%- for problem in var('problems') %}
union all
{{ claims_of(problem) }}
{%- endfor %}
