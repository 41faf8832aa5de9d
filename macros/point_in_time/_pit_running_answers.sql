{#- The parts of every ask. A sum over no value is null, as an aggregate's would be; an ask without a key sees nothing. -#}
{% macro _pit_running_answers(on, windows, plan, as_of) -%}
        select {{ (on + ['pit_at']) | join(', ') }} as {{ as_of }}
            {%- for tag in windows -%}{%- for part, how in plan.parts.items() %},
            {% if how[0] == 'count' %}{{ part }}_{{ tag }}{% else -%}
            case when {{ how[1] }}_n_{{ tag }} > 0 then {{ part }}_{{ tag }} end as {{ part }}_{{ tag }}
            {%- endif %}{% endfor -%}{%- endfor %}
        from pit_sum_0
        {%- if on %}
        union all
        select {{ (on + [as_of]) | join(', ') }}
            {%- for tag in windows -%}{%- for part in plan.parts %}, null{% endfor -%}{%- endfor %}
        from pit_spine where not ({{ asof._pit_filter(on) }})
        {%- endif %}
{%- endmacro %}
