{#- The share of rows that fell in cells of some kinds, as an aggregate: cell_rate('kind', 'rows', ['below', 'above']) is the
    share out of range, ['missing'] the share of nulls, ['unseen'] that of categories which training never saw. Double. -#}
{% macro cell_rate(kind, rows, kinds) -%}
    {%- if kinds is string or kinds | length == 0 -%}
        {{ exceptions.raise_compiler_error("cell_rate: kinds must be a list of kinds of cells, not '" ~ kinds ~ "'") }}
    {%- endif -%}
    cast(coalesce(sum({{ rows }}) filter (where {{ kind }} in ('{{ kinds | join("', '") }}')), 0) as double) / sum({{ rows }})
{%- endmacro %}
