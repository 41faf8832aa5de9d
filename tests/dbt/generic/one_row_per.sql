{#- Fails with the keys that more than one row has: the first line of a model, `-- One row per …`, as a test.

    columns  list of columns (or expressions) that tell the rows of the model apart; nulls count as equal -#}
{% test one_row_per(model, columns) -%}
    {%- if columns is string or not columns -%}
        {{ exceptions.raise_compiler_error("one_row_per: columns must be a list of columns, not '" ~ columns ~ "'") }}
    {%- endif -%}
    {%- set keys = columns | join(', ') -%}
    select {{ keys }}, count(*) as number_of_rows
    from {{ model }}
    group by {{ keys }}
    having count(*) > 1
{%- endtest %}
