-- One row per remark of a person on one row of a cohort.
with source as (select * from {{ source('feedback', 'remarks') }}),

renamed as (
    select
        ---------- ids
        problem,
        entity_id,
        -- not as_of: that names when a fact of a cohort counts, and a remark counts from its own known_at on
        as_of as row_as_of,
        author,

        ---------- what was said
        label,
        comment,

        ---------- times
        reported_at as known_at,
        _landed_at as landed_at,
        _landing_number as landing_number
    from source
)

select * from renamed
