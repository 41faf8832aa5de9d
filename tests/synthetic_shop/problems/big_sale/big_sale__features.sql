-- One row per row of the cohort, with what was known of the shop strictly before as_of.
{{ config(materialized='append_only') }}

with cohort as (select * from {{ ref('big_sale__cohort') }} where {{ new_instants() }}),

visits as (select * from {{ ref('stg_shop__visits') }}),

past_week as (
    {{ aggregate_before('cohort', 'visits', on=['shop'], windows={'1d': '1 day', '7d': '7 days'}, measures={
        'visits': 'count',
        'spent': ['sum', 'spent'],
        'most': ['max', 'spent'],
        'members': ['share', 'member'],
    }) }}
),

newest as (
    {{ last_before('cohort', 'visits', on=['shop'], take=['channel', 'member', 'spent'], order_by='visit_id') }}
)

select
    ---------- ids
    cohort.shop,
    cohort.as_of,

    ---------- past
    past_week.visits_7d as past_visits_7d,
    past_week.spent_1d as past_spent_1d,
    past_week.spent_7d as past_spent_7d,
    past_week.most_7d as past_most_7d,
    past_week.members_7d as past_members_7d,
    newest.channel as last_channel,
    newest.member as last_member,
    newest.spent as last_spent,

    ---------- rule
    (past_week.visits_1d + 1) / (past_week.visits_7d + 8.0) as rule_score
from cohort
left join past_week using (shop, as_of)
left join newest using (shop, as_of)
