{#- Fails with the rows whose value lies outside the bounds, both included. A null is no violation: `not_null` asks for it.

    at_least, at_most  numbers or SQL expressions; one of them may be left out -#}
{% test within(model, column_name, at_least=none, at_most=none) -%}
    {%- if at_least is none and at_most is none -%}
        {{ exceptions.raise_compiler_error("within: " ~ column_name ~ " needs at_least, at_most or both") }}
    {%- endif -%}
    select {{ column_name }} from {{ model }}
    where
        {%- if at_least is not none %} {{ column_name }} < {{ at_least }}{% endif %}
        {%- if at_least is not none and at_most is not none %} or{% endif %}
        {%- if at_most is not none %} {{ column_name }} > {{ at_most }}{% endif %}
{%- endtest %}
