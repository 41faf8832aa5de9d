{#- The sources that land and that a model is made of, over all models between: a list of 'source.table', in order. What the project writes
    itself, the clock and what people say, is none. Empty while dbt parses, and where there is no graph. -#}
{% macro sources_of(model) -%}
    {%- set found = [] -%}
    {%- if execute and 'nodes' in graph -%}
    {%- set todo = graph.nodes.values() | selectattr('name', 'equalto', model) | map(attribute='unique_id') | list -%}
    {%- set seen = todo | list -%}
    {#- Jinja has no loop that ends by itself: each round takes one node or source, and none comes twice -#}
    {%- for _ in range((graph.nodes | length) + (graph.sources | length)) if todo -%}
        {%- set key = todo.pop() -%}
        {%- if key in graph.sources and graph.sources[key].source_name not in ['asof', 'feedback'] -%}
            {%- do found.append(graph.sources[key].source_name ~ '.' ~ graph.sources[key].name) -%}
        {%- elif key in graph.nodes and graph.nodes[key].depends_on -%}
            {%- for parent in graph.nodes[key].depends_on.nodes if parent not in seen -%}
                {%- do seen.append(parent) -%}
                {%- do todo.append(parent) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- endif -%}
    {{ return(found | sort) }}
{%- endmacro %}
