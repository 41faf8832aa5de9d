{#- Whether the distribution of a feature says anything by itself: not where its column declares `meta.drift: false`, because the calendar
    moves it. An expression.

    problem  column: the problem
    feature  column: the feature -#}
{% macro has_drift(problem='problem', feature='feature') -%}
    (true
    {%- for name in var('problems') %}
    {%- set moved = declared_problem(name).columns | selectattr('drift', 'false') | map(attribute='name') | list -%}
    {%- if moved %} and not ({{ problem }} = '{{ name }}' and {{ feature }} in ('{{ moved | join("', '") }}')){% endif -%}
    {%- endfor -%}
    )
{%- endmacro %}
