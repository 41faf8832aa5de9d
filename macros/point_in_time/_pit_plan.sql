{#- What the measures need: `inputs` (SQL over a fact → alias), `parts` (mergeable aggregate of an input: alias →
    [function, input, decimal places]) and `measures` (name → [aggregate, input alias]). Measures over one expression share their parts. -#}
{% macro _pit_plan(name, measures, known_at) -%}
    {%- set needs = asof._pit_aggregates() -%}
    {%- set plan = {'inputs': {}, 'parts': {}, 'measures': {}} -%}
    {%- if measures is not mapping or not measures -%}{{ asof._pit_error(name, 'measures', 'is not a dict of measures') }}{%- endif -%}
    {%- do asof._pit_list(name, 'measures', measures.keys() | list) -%}
    {%- for out, spec in measures.items() -%}
        {%- set spec = [spec] if spec is string else spec -%}
        {%- set input = asof._pit_input(name, out, spec, known_at) -%}
        {%- if input not in plan.inputs -%}
            {%- do plan.inputs.update({input: 'v' ~ plan.inputs | length}) -%}
        {%- endif -%}
        {%- set alias = plan.inputs[input] -%}
        {%- set scale = (modules.re.findall('[0-9]+', spec[2] | default('decimal(18, 6)')) or [0])[-1] -%}
        {%- for part, function in needs[spec[0]].items() -%}
            {%- do plan.parts.update({alias ~ '_' ~ part: [function, alias, scale]}) -%}
        {%- endfor -%}
        {%- do plan.measures.update({out: [spec[0], alias]}) -%}
    {%- endfor -%}
    {{ return(plan) }}
{%- endmacro %}
