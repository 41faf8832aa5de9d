{#- Flights of the operating day that are due and neither left nor cancelled, by key: how many, and since when.

    A flight enters the sum when it is due and leaves it with its departure, so the partition is the day of the plan
    (`flight_date`) and the window only has to be longer than that day. -#}
{% macro waiting_flights(spine, facts, on) -%}
    {{ aggregate_before(spine, facts, on=on + ['flight_date'], windows={'today': '48 hours'}, measures={
        'waiting': ['sum', 'waiting', 'bigint'],
        'waiting_since_minute': ['sum', 'waiting_since_minute', 'bigint'],
        'departed': ['sum', 'departed', 'bigint'],
        'late': ['sum', 'late', 'bigint'],
        'cancelled': ['sum', 'cancelled', 'bigint'],
    }) }}
{%- endmacro %}
