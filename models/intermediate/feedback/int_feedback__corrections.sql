-- One row per corrected row of a cohort, purpose and instant at which somebody corrected it: the label that holds from then on.
with latest as (select * from {{ ref('int_feedback__latest_by_author') }}),

policies as (select * from {{ ref('int_feedback__policies') }}),

latest_with_balance as (
    select
        latest.*,
        policies.conflict,
        sum(case when label then 1 else -1 end) over one_row as balance,
        count(*) over one_row as authors
    from latest
    inner join policies using (problem)
    window one_row as (partition by latest.problem, entity_id, row_as_of, purpose, known_at)
),

-- Where nothing else decides, the latest correction does; of one instant, that of the author whose name comes first.
ranked_corrections as (
    select
        *,
        row_number() over (
            partition by problem, entity_id, row_as_of, purpose, known_at
            order by
                case when conflict = 'majority' and balance <> 0 and label <> (balance > 0) then 1 else 0 end,
                case when conflict = 'trusted_first' then coalesce(place, 1000000) end,
                said_at desc,
                author
        ) as place_in_order
    from latest_with_balance
),

deciding_corrections as (
    select problem, entity_id, row_as_of, purpose, label, author as decided_by, authors, known_at
    from ranked_corrections
    where place_in_order = 1
)

select * from deciding_corrections