-- One row per row of a cohort on which somebody gave feedback: what people say of it now, to be shown beside its outcome.
{%- set latest = 'case when comment is not null then ' ~ struct_literal({'known_at': 'known_at', 'author': 'author'}) ~ ' end' %}
with remarks as (select * from {{ ref('stg_feedback__remarks') }}),

corrections as (select * from {{ ref('int_feedback__corrections') }} where purpose = 'shown'),

remarks_by_row as (
    select
        problem,
        entity_id,
        row_as_of,
        count(*) as remarks,
        count(comment) as comments,
        max_by(comment, {{ latest }}) as last_comment,
        max_by(author, {{ latest }}) as last_comment_by
    from remarks
    group by all
),

last_corrections as (
    select
        problem,
        entity_id,
        row_as_of,
        max_by(label, known_at) as corrected_label,
        max_by(decided_by, known_at) as corrected_by,
        max(known_at) as corrected_at
    from corrections
    group by all
)

select *
from remarks_by_row
left join last_corrections using (problem, entity_id, row_as_of)
