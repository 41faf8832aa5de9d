{#- What is declared of each feature as a constant MAP of its name to a struct. -#}
{% macro _reason_texts(declared) -%}
    {%- set keys = ['text', 'negative', 'missing', 'unit', 'currency'] -%}
    map_from_entries([
        {#- One without a feature gives the fields their types where nothing is declared. #}
        {%- for one in [{}] + declared %}
        struct_pack(k := {{ _text_literal(one.get('feature', '')) }}, v := struct_pack(
            {%- for key in keys %}{{ key }} := {{ _text_literal(one.get(key)) }}{{ ', ' if not loop.last }}{% endfor -%}
        )){{ ',' if not loop.last }}
        {%- endfor %}
    ])
{%- endmacro %}
