{#- Of the rows by period of a model of quality, those whose period may still change: the open weeks, and months that began 31 days before them
    and may still get labels; `all` and `recent` always. A SELECT for a CTE's parentheses.
    relation  a CTE with grain and period
    changed   what `oldest_change` says -#}
{% macro open_periods(relation, changed) -%}
    select * from {{ relation }} where grain in ('all', 'recent') or {{ open_days('period', before=31, changed=changed) }}
{%- endmacro %}
