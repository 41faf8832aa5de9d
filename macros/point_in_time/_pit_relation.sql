{#- The relation behind an argument, if it exists already: a relation itself, or the `ref` that the model's import CTE of
    that name selects everything from, filtered or not. A CTE with more logic than that shows its columns when it runs. -#}
{% macro _pit_relation(value) -%}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {%- set relation = value -%}
    {%- if value is string -%}
        {%- set pattern = '\\b' ~ modules.re.escape(value)
            ~ '\\s+as\\s*\\(\\s*select\\s+\\*\\s+from\\s+\\{\\{\\s*ref\\(\\s*[\'"](\\w+)[\'"]\\s*\\)\\s*\\}\\}\\s*(?:\\)|where\\b)' -%}
        {%- set import = modules.re.search(pattern, model.raw_code or '') if model is defined else none -%}
        {%- if not import -%}{{ return(none) }}{%- endif -%}
        {%- set relation = ref(import.group(1)) -%}
    {%- endif -%}
    {#- in a unit test, a ref is a CTE of given rows -#}
    {{ return(load_relation(relation) if relation.schema and not relation.is_cte else none) }}
{%- endmacro %}
