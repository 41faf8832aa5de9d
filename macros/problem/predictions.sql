{#- The ledger of what was predicted: its columns are those of its contract. Python scores the rows of the scoring set and appends them. -#}
{% macro predictions(problem) -%}
    {{ config(materialized='append_only', full_refresh=false) }}
    -- depends_on {{ ref(problem ~ '__scoring_set') }}
    {{ ledger_rows() }}
{%- endmacro %}
