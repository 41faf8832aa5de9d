{#- One row per group of `by`: exact quality of scores against labels, ties included, no row counted twice.

    relation  a CTE or table with the columns of `by`, a label (boolean, not null) and a score in (0, 1)
    by        list of grouping columns
    Returns   what `quality_of_counts` returns, with every distinct score as a point of its own. -#}
{% macro binary_quality(relation, by, label='label', score='score') -%}
    {%- if by is string or by | length == 0 -%}
        {{ exceptions.raise_compiler_error("binary_quality: by must be a list of columns, not '" ~ by ~ "'") }}
    {%- endif -%}
    {{ quality_of_counts(relation, by, score, rows='1', positives='cast(' ~ label ~ ' as integer)') }}
{%- endmacro %}
