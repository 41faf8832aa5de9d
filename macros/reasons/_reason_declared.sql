{#- First step of reasons_in_words: what is declared of the feature, null where it is declared no more; the direction; and the value as a
    number, where it is one. Fields of a struct. -#}
{% macro _reason_declared(problem) -%}
    {%- set number = "try_cast(one['value'] as double)" -%}
    declared := {{ _reason_texts(declared_reasons(problem)) }}[one['feature']],
    raises := not starts_with(one['contribution'], '-'),
    number := case when isfinite({{ number }}) then {{ number }} end
{%- endmacro %}
