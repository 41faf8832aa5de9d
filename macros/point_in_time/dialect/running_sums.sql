{#- The rows of events that are ends of windows (pit_end below `facts_end`), each with every part of all facts before it in the order of
    (pit_key, pit_at, pit_end): ends stand before facts of the same instant, which is `known_before` as an order. A window without an order of
    its own is streamed over rows that were sorted once, and costs a third of a window that sorts; what is counted is counted as
    `count(*)` with a filter, which DuckDB streams a vector at a time, seventeen times as fast as a sum. That rows come in this order is
    the engine's promise, not SQL's: a row out of order is an error. -#}
{% macro running_sums(events, parts, facts_end) -%}
    {{ return(adapter.dispatch('running_sums', 'asof')(events, parts, facts_end)) }}
{%- endmacro %}

{% macro default__running_sums(events, parts, facts_end) -%}
    {%- set counted = {'count': 'is not null', 'count_true': '= 1'} -%}
    select pit_key, pit_as_of, pit_end, {{ parts | join(', ') }}
    from (
        select pit_key, pit_at, pit_end, pit_as_of, lag(pit_key) over () as pit_key_before, lag(pit_at) over () as pit_at_before
            {%- for part, how in parts.items() %},
            {% if how[0] in counted %}count(*) filter (where {{ how[1] }} {{ counted[how[0]] }}) over (rows unbounded preceding)
            {%- else %}{{ asof._pit_part(how, '(rows unbounded preceding)') }}{% endif %} as {{ part }}{% endfor %}
        from (select * from {{ events }} order by pit_key, pit_at, pit_end) as pit_sorted
    ) as pit_streamed
    where case
        when pit_key < pit_key_before or pit_key = pit_key_before and pit_at < pit_at_before
            then error('rows came out of order: report it, with the version of the database')
        else pit_end < {{ facts_end }}
    end
{%- endmacro %}

{% macro spark__running_sums(events, parts, facts_end) -%}
    select pit_key, pit_as_of, pit_end, {{ parts | join(', ') }}
    from (
        select pit_key, pit_end, pit_as_of
            {%- for part, how in parts.items() %},
            {{ asof._pit_part(how, 'pit_before') }} as {{ part }}{% endfor %}
        from {{ events }}
        window pit_before as (partition by pit_key order by pit_at, pit_end rows unbounded preceding)
    ) as pit_summed_up
    where pit_end < {{ facts_end }}
{%- endmacro %}
