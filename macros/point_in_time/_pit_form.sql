{#- The form in which `aggregate_before` computes, checked: [form, bucket]. All forms give the same bits. -#}
{% macro _pit_form(name, form, bucket, plan) -%}
    {%- set functions = plan.parts.values() | map('first') | list -%}
    {%- set subtractable = functions | reject('in', ['count', 'sum', 'sum_of_squares']) | list | length == 0 -%}
    {%- if form not in ['range', 'buckets', 'running', 'join'] -%}
        {{ asof._pit_error(name, 'form', "is '" ~ form ~ "', not 'range', 'buckets', 'running' or 'join'") }}
    {%- elif form == 'running' and not subtractable -%}
        {{ asof._pit_error(name, 'measures', "cannot all be subtracted (only count, count_if, share, sum, mean, stddev can): use form='range' or 'buckets'") }}
    {%- elif form == 'running' and bucket not in [none, 'hour', 'day'] -%}
        {{ asof._pit_error(name, 'bucket', "is '" ~ bucket ~ "', not 'hour' or 'day'") }}
    {%- endif -%}
    {{ return([form, bucket or ('hour' if form == 'running' else none)]) }}
{%- endmacro %}
