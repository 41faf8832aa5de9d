-- One row per row of the cohort: what was known of the flight, and this problem's rule.
with known as (select * from {{ ref('ftr_flight_outcomes__known') }}),

rule as (select * from {{ ref('flight_fate__rule') }})

select
    known.*,

    ---------- rule
    rule.rule_on_time,
    rule.rule_late,
    rule.rule_cancelled,
    rule.rule_diverted
from known
inner join rule using (flight_id, as_of)
