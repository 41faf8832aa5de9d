{#- The bucket for these windows: as given, else the largest of day and hour that divides every window. -#}
{% macro _pit_bucket(name, bucket, seconds, plan) -%}
    {%- set sizes = {'day': 86400, 'hour': 3600} -%}
    {%- set fitting = [] -%}
    {%- for unit, size in sizes.items() if seconds.values() | map('int') | select('divisibleby', size) | list | length == seconds | length -%}
        {%- do fitting.append(unit) -%}
    {%- endfor -%}
    {%- for how in plan.parts.values() if how[0] == 'distinct' -%}
        {{ asof._pit_error(name, 'measures', "counts distinct values, which buckets cannot merge: use form='range'") }}
    {%- endfor -%}
    {%- if not fitting -%}
        {{ asof._pit_error(name, 'windows', "are not whole hours or days: use form='range'") }}
    {%- elif bucket is not none and bucket not in fitting -%}
        {{ asof._pit_error(name, 'bucket', "is '" ~ bucket ~ "', which does not divide every window (" ~ fitting | join(' or ') ~ ' would)') }}
    {%- endif -%}
    {{ return(bucket or fitting[0]) }}
{%- endmacro %}
