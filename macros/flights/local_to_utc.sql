{# A local timestamp in UTC: the one place where a zone is applied. In the hour that a clock passes
   twice in autumn the second pass is meant, winter time: DuckDB knows no other reading. #}
{% macro local_to_utc(local, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ local }}))
{%- endmacro %}
