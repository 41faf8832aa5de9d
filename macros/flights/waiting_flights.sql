{#- Flights of the operating day that are due and neither left nor cancelled: `waiting_today`, by key.

    A flight enters the sum when it is due and leaves it with its departure, so the partition is the day of the plan
    (`flight_date`) and the window only has to be longer than that day. `also` adds measures over the same day. -#}
{% macro waiting_flights(spine, facts, on, also={}) -%}
    {%- set measures = {'waiting': ['sum', 'waiting', 'integer']} -%}
    {%- do measures.update(also) -%}
    {{ aggregate_before(spine, facts, on=on + ['flight_date'], windows={'today': '48 hours'}, measures=measures) }}
{%- endmacro %}
