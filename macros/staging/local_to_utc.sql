{# A local timestamp in UTC: the one place where a zone is applied. Where the clock is put back, its first pass is meant. #}
{% macro local_to_utc(local, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ local }}))
{%- endmacro %}
