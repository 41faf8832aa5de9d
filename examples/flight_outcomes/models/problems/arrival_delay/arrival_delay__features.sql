-- One row per row of the cohort: what was known of the flight, and this problem's rule.
with known as (select * from {{ ref('ftr_flight_outcomes__known') }}),

rule as (select * from {{ ref('arrival_delay__rule') }})

select
    known.*,

    ---------- rule
    rule.rule_score
from known
inner join rule using (flight_id, as_of)
