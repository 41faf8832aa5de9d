{#- Stop compiling with one line that names the macro, the model and the argument. -#}
{% macro _pit_error(name, argument, problem) -%}
    {%- set where = model.name if model is defined and model else 'unknown model' -%}
    {{ exceptions.raise_compiler_error(name ~ ' in ' ~ where ~ ': ' ~ argument ~ ' ' ~ problem) }}
{%- endmacro %}
