{#- The parts of every window of every ask: what stands at its end 0 without what stands at its other end. A sum over no value is null, as
    an aggregate's would be; an ask whose key is null sees nothing. -#}
{% macro _pit_differences(on, windows, plan, as_of) -%}
    {%- set keys = (on + ['']) | join(', ') -%}
    select {{ keys }}pit_as_of as {{ as_of }}
        {%- for tag in windows -%}{%- for part, how in plan.parts.items() %},
        {% if how[0] in ['sum', 'sum_of_squares'] %}case when {{ how[1] }}_n_{{ tag }} > 0 then {{ part }}_{{ tag }} end as {% endif -%}
        {{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
    from (
        select pit_key, pit_as_of
            {%- for tag in windows -%}{%- set end = loop.index -%}{%- for part in plan.parts %},
            sum(case pit_end when 0 then {{ part }} when {{ end }} then -{{ part }} end) as {{ part }}_{{ tag }}{% endfor -%}{%- endfor %}
        from pit_ends
        group by pit_key, pit_as_of
    ) as pit_summed
    inner join pit_keys using (pit_key)
    {%- if on %}
    union all
    select distinct {{ keys }}{{ as_of }}{% for _ in asof._pit_crossed(plan.parts, windows) %}, null{% endfor %}
    from pit_spine
    where not ({{ asof._pit_filter(on) }})
    {%- endif %}
{%- endmacro %}
