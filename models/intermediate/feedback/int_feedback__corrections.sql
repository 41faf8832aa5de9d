-- One row per corrected row of a cohort, purpose and instant at which somebody corrected it: the label that holds from then on.
with voices as (select * from {{ ref('int_feedback__voices') }}),

policies as (select * from {{ ref('int_feedback__policies') }}),

count_the_voices as (
    select
        voices.*,
        policies.conflict,
        sum(case when label then 1 else -1 end) over one_row as balance,
        count(*) over one_row as authors
    from voices
    inner join policies using (problem)
    window one_row as (partition by voices.problem, entity_id, row_as_of, purpose, known_at)
),

-- Where nothing else decides, the latest word does; of one instant, that of the author whose name comes first.
take_turns as (
    select
        *,
        row_number() over (
            partition by problem, entity_id, row_as_of, purpose, known_at
            order by
                case when conflict = 'majority' and balance <> 0 and label <> (balance > 0) then 1 else 0 end,
                case when conflict = 'trusted_first' then coalesce(place, 1000000) end,
                said_at desc,
                author
        ) as turn
    from count_the_voices
),

decide as (
    select problem, entity_id, row_as_of, purpose, label, author as decided_by, authors, known_at
    from take_turns
    where turn = 1
)

select * from decide
