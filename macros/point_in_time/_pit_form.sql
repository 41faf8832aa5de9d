{#- The form in which `aggregate_before` computes: [form, bucket]. 'auto' decides from the facts per key and day, as declared
    (per_day) or as counted in facts; where they cannot be counted (a CTE with logic, an incremental run, which is small
    anyway) it is 'range'. All forms give the same bits. -#}
{% macro _pit_form(name, form, bucket, facts, on, known_at, plan, per_day) -%}
    {%- set functions = plan.parts.values() | map('first') | list -%}
    {%- set subtractable = functions | reject('in', ['count', 'sum', 'sum_of_squares']) | list | length == 0 -%}
    {%- if form not in ['range', 'buckets', 'running', 'join', 'auto'] -%}
        {{ _pit_error(name, 'form', "is '" ~ form ~ "', not 'range', 'buckets', 'running', 'join' or 'auto'") }}
    {%- elif form == 'running' and not subtractable -%}
        {{ _pit_error(name, 'measures', "cannot all be subtracted (only count, count_if, share, sum, mean, stddev can): use form='range' or 'buckets'") }}
    {%- elif form == 'running' and bucket not in [none, 'hour', 'day'] -%}
        {{ _pit_error(name, 'bucket', "is '" ~ bucket ~ "', not 'hour' or 'day'") }}
    {%- elif per_day is not none and (per_day is not number or per_day <= 0) -%}
        {{ _pit_error(name, 'per_day', 'is ' ~ per_day ~ ', not a positive number of facts per key and day') }}
    {%- elif form == 'running' -%}
        {{ return(['running', bucket or 'hour']) }}
    {%- elif form != 'auto' -%}
        {{ return([form, bucket]) }}
    {%- endif -%}
    {%- set per_day = _pit_per_day(facts, on, known_at) if per_day is none else per_day -%}
    {#- measured (docs/benchmarks.md): the range frame wins below 3 facts per key and day, a level of hours pays from 12 on -#}
    {%- if not subtractable or per_day < 3 -%}{{ return(['range', none]) }}{%- endif -%}
    {{ return(['running', bucket or ('hour' if per_day >= 12 else 'day')]) }}
{%- endmacro %}
