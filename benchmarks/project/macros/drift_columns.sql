{#- The twenty-five columns: grids of the numbers (column → [low, high], laid once and for good), and the categories. -#}
{% macro drift_grids() -%}
    {{ return({'departure_minute': [0, 1440], 'scheduled_minutes': [0, 800], 'flight': [0, 8192], 'distance': [0, 6000],
        'dep_delay': [-100, 1500], 'arr_delay': [-100, 1500], 'air_time': [0, 800], 'speed': [0, 15], 'temp': [-20, 120],
        'dewp': [-20, 120], 'humid': [0, 100], 'wind_speed': [0, 60], 'precip': [0, 2], 'pressure': [950, 1060], 'visib': [0, 10],
        'plane_year': [1950, 2030], 'route_delay': [-100, 500], 'tail_delay': [-100, 1000]}) }}
{%- endmacro %}

{% macro drift_categories() -%}
    {{ return(['carrier', 'origin', 'dest', 'tail', 'manufacturer', 'model', 'engine']) }}
{%- endmacro %}
