{#- What enters and leaves each window: a row per fact at its known_at with its parts, and one at known_at + window that takes
    them away again. A part that is null in the fact moves nothing. -#}
{% macro _pit_flow(on, seconds, plan) -%}
    {%- set values = {} -%}
    {%- for part, how in plan.parts.items() -%}
        {%- set function, input, scale = how -%}
        {%- if function == 'count' -%}
            {%- do values.update({part: 'case when ' ~ input ~ ' is null then 0 else 1 end'}) -%}
        {%- elif function == 'sum' -%}
            {%- do values.update({part: 'coalesce(' ~ input ~ ', 0)'}) -%}
        {%- else -%}
            {%- do values.update({part: 'coalesce(cast(' ~ input ~ ' as decimal(19, ' ~ scale ~ ')) * ' ~ input ~ ', 0)'}) -%}
        {%- endif -%}
    {%- endfor -%}
        select {{ (on + ['pit_at']) | join(', ') }}
            {%- for tag in seconds -%}{%- for part, value in values.items() %}, {{ value }} as {{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
        from pit_facts
        {%- for leaving, length in seconds.items() %}
        union all
        select {{ (on + ['pit_at']) | join(', ') }} + interval '{{ length }} seconds'
            {%- for tag in seconds -%}{%- for value in values.values() %}, {{ '-(' ~ value ~ ')' if tag == leaving else 0 }}{% endfor -%}{%- endfor %}
        from pit_facts
        {%- endfor %}
{%- endmacro %}
