{#- The aggregates and the mergeable parts each is made of (part → function over its input). All forms of
    `aggregate_before` compute the same parts and finish them with the same expression, so they agree bit for bit. -#}
{% macro _pit_aggregates() -%}
    {{ return({
        'count': {'n': 'count'},
        'count_if': {'s': 'count_true'},
        'total': {'s': 'sum'},
        'share': {'n': 'count', 's': 'count_true'},
        'sum': {'s': 'sum'},
        'mean': {'n': 'count', 's': 'sum'},
        'stddev': {'n': 'count', 's': 'sum', 'q': 'sum_of_squares'},
        'min': {'lo': 'min'},
        'max': {'hi': 'max'},
        'first': {'lo': 'min'},
        'last': {'hi': 'max'},
        'time_since': {'hi': 'max'},
        'time_since_first': {'lo': 'min'},
        'distinct': {'d': 'distinct'},
    }) }}
{%- endmacro %}
