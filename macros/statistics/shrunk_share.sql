{#- A share that starts at a prior and moves to its own value as rows come in: (hits + weight * prior) / (rows + weight).
    `weight` is how many rows the prior stands for. -#}
{% macro shrunk_share(hits, rows, prior, weight) -%}
    (coalesce({{ hits }}, 0) + {{ weight }} * {{ prior }}) / (coalesce({{ rows }}, 0) + {{ weight }})
{%- endmacro %}
