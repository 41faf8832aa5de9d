-- One row per (k, as_of) of the spine: import CTEs, whose columns the macros look up.
with spine as (
    select * from {{ ref('typed_spine') }}
),

facts as (
    select * from {{ ref('typed_facts') }}
),

last_fact as (
    {{ last_before('spine', 'facts', 'k', 'x') }}
)

select * from last_fact
