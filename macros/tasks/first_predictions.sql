{#- One row per row that was scored again: what was said of it at first. A model that scored a row again may have learned how it ended,
    so what was said at the time is judged. A SELECT for a CTE's parentheses. -#}
{% macro first_predictions() -%}
    select * from {{ ref('ledger_replaced_predictions') }}
    qualify row_number() over (partition by problem, entity_id, as_of order by number) = 1
{%- endmacro %}
