{#- One row per key (on) and midnight, from the end of the day of the key's first fact to `until`, none left out:
    aggregates over the facts with known_at - window <= fact's known_at < known_at. `since` builds only later midnights. -#}
{% macro trailing_daily(facts, on, windows, measures, until, known_at='known_at', where=none, since=none, built=none) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set me = 'trailing_daily' -%}
    {%- set on = _pit_list(me, 'on', on, may_be_empty=true) -%}
    {%- set known_at = _pit_column(me, 'known_at', known_at) -%}
    {%- for tag, length in _pit_windows(me, windows).items() if length % 86400 -%}
        {{ _pit_error(me, 'windows.' ~ tag, "is '" ~ windows[tag] ~ "', not a whole number of days") }}
    {%- endfor -%}
    {%- if not until -%}{{ _pit_error(me, 'until', 'is missing: pass the clock') }}{%- endif -%}
    {%- if built and not since -%}{{ _pit_error(me, 'since', 'is missing: built needs the last midnight built') }}{%- endif -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    with pit_keys as (
        select {{ keys }}date_trunc('day', min({{ known_at }})) as pit_first_day
        from {{ facts }}
        where {{ known_at }} is not null and {{ _pit_filter(on, where) }}{{ ' and ' ~ known_at ~ ' >= ' ~ since if built }}
        {{ 'group by ' ~ on | join(', ') if on }}
        {%- if built %}
        union all
        select {{ keys }}known_at as pit_first_day from {{ built }} where known_at = {{ since }}
        {%- endif %}
    ),
    pit_days as (
        {{ instants_between('(select ' ~ ('greatest(min(pit_first_day), ' ~ since ~ ')' if since else 'min(pit_first_day)')
            ~ ' from pit_keys)', until, '1 day', 'known_at') }}
    ),
    pit_midnights as (
        select distinct {{ keys }}d.known_at
        from pit_keys inner join pit_days as d on {{ known_before('pit_first_day', 'd.known_at') }}
        {{- ' where d.known_at > ' ~ since if since }}
    )
    select * from (
        {{ aggregate_before('pit_midnights', facts, on, windows, measures, as_of='known_at', known_at=known_at,
                            where=where, form='buckets', bucket='day') }}
    ) as pit_daily
{%- endmacro %}
