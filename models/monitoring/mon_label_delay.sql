-- One row per problem: the days until practically every label of a day has arrived.
with scored as (select * from {{ ref('mon_scored') }} where label is not null)

-- Of a hundred labels one may be later still: to wait for the last straggler would make the youngest evidence old.
select
    problem,
    cast(ceil(percentile_cont(0.99) within group (order by {{ seconds_between('as_of', 'label_known_at') }}) / 86400) as integer) as days
from scored
group by problem
