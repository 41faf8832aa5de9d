{#- One row per key (on) and midnight, from the end of the day of the key's first fact to `until`: aggregates over the facts
    with known_at - window <= fact's known_at < known_at. `since` builds only later midnights; with `quiet` false, midnights
    with nothing in the longest window are left out. -#}
{% macro trailing_daily(facts, on, windows, measures, until, known_at='known_at', where=none, since=none, built=none,
                        quiet=true) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'trailing_daily' -%}
    {%- set on = asof._pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set known_at = asof._pit_column(me, 'known_at', known_at) -%}
    {%- set longest = asof._pit_days(me, windows) -%}
    {%- set seconds = asof._pit_windows(me, windows) -%}
    {%- set plan = asof._pit_plan(me, measures if quiet or measures is not mapping else dict(measures, pit_facts='count'), known_at) -%}
    {%- do asof._pit_list(me, 'measures', on + ['known_at'] + asof._pit_crossed(plan.measures, windows)) -%}
    {%- if 'distinct' in plan.parts.values() | map('first') -%}
        {{ asof._pit_error(me, 'measures', 'counts distinct values, which days cannot merge: use aggregate_before') }}
    {%- endif -%}
    {%- do asof._pit_check(me, false, facts, on, none, known_at, asof._pit_uses(measures)) -%}
    {%- if not until -%}{{ asof._pit_error(me, 'until', 'is missing: pass the clock') }}{%- endif -%}
    {%- if built and not since -%}{{ asof._pit_error(me, 'since', 'is missing: built needs the last midnight built') }}{%- endif -%}
    {%- if built and not quiet -%}{{ asof._pit_error(me, 'built', 'is of no use without quiet midnights') }}{%- endif -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    {%- set from = since if built else since ~ " - interval '" ~ longest.seconds ~ " seconds'" if since and not quiet -%}
    with pit_keys as (
        select {{ keys }}date_trunc('day', min({{ known_at }})) as pit_first_day
        from {{ facts }}
        where {{ known_at }} is not null and {{ asof._pit_filter(on, where) }}{{ ' and ' ~ known_at ~ ' >= ' ~ from if from }}
        {{ 'group by ' ~ on | join(', ') if on }}
        {%- if built %}
        union all
        select {{ keys }}known_at as pit_first_day from {{ built }} where known_at = {{ since }}
        {%- endif %}
    ),
    pit_days as (
        {{ asof.instants_between('(select ' ~ ('greatest(min(pit_first_day), ' ~ since ~ ')' if since else 'min(pit_first_day)')
            ~ ' from pit_keys)', until, '1 day', 'known_at') }}
    ),
    pit_midnights as (
        select {{ keys }}d.known_at
        from pit_keys inner join pit_days as d on {{ asof.known_before('pit_first_day', 'd.known_at') }}
        {{- ' where d.known_at > ' ~ since if since }}
    )
    select {{ 'pit_daily.*' if quiet else asof.all_but('pit_daily', asof._pit_crossed(['pit_facts'], windows)) }} from (
        {%- if since %}
        {{ asof._pit_join('pit_midnights', facts, on, windows, seconds, plan, 'known_at', known_at, where) }}
        {%- else %}
        {{ asof._pit_midnights('pit_midnights', facts, on, windows, seconds, plan, 'known_at', known_at, where) }}
        {%- endif %}
    ) as pit_daily
    {{- ' where pit_facts_' ~ longest.tag ~ ' > 0' if not quiet }}
{%- endmacro %}
