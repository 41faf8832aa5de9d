-- One row per corrected row of a cohort, purpose, instant of a correction and author: the author's latest correction by then.
with corrections as (select * from {{ ref('stg_feedback__remarks') }} where label is not null),

policies as (select * from {{ ref('int_feedback__policies') }}),

trusted as (select * from {{ ref('int_feedback__trusted') }}),

corrections_by_purpose as (
    select corrections.*, 'shown' as purpose, trusted.place
    from corrections
    left join trusted using (problem, author)
    union all
    select corrections.*, 'used', trusted.place
    from corrections
    inner join policies using (problem)
    left join trusted using (problem, author)
    where policies.use_in_training = 'all' or (policies.use_in_training = 'trusted' and trusted.place is not null)
),

instants as (select distinct problem, entity_id, row_as_of, purpose, known_at from corrections_by_purpose),

latest_of_each_author as (
    select instants.*, said.author, said.place, said.label, said.known_at as said_at
    from instants
    inner join corrections_by_purpose as said
        on said.problem = instants.problem and said.entity_id = instants.entity_id and said.row_as_of = instants.row_as_of
        and said.purpose = instants.purpose and not {{ known_before('instants.known_at', 'said.known_at') }}
    qualify row_number() over (
        partition by instants.problem, instants.entity_id, instants.row_as_of, instants.purpose, instants.known_at, said.author
        order by said.known_at desc
    ) = 1
)

select * from latest_of_each_author
