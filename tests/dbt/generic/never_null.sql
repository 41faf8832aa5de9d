{#- Fails with the rows in which one of the columns is null: `not_null` of many columns, asked at once. One look at a view that other
    views are made of takes longer than the question.

    columns  list of columns -#}
{% test never_null(model, columns) -%}
    {%- if columns is string or not columns -%}
        {{ exceptions.raise_compiler_error("never_null: columns must be a list of columns, not '" ~ columns ~ "'") }}
    {%- endif -%}
    select {{ columns | join(', ') }} from {{ model }}
    where {% for column in columns %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
{%- endtest %}
