{#- Whether a prediction was wrong: a binary one where it was flagged and did not come true, or the other way round; any other where what
    it claims did not come true. A boolean; an expression of the columns of `mon_scored`. -#}
{% macro is_error() -%}
    case when task in ('regression', 'multiclass') then not label else flagged <> label end
{%- endmacro %}
