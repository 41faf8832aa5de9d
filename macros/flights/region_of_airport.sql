{#- A coarse region of a US airport by its place, so that far airports with few flights share what weather and traffic
    control do to them. Bounds are degrees; they follow the en-route centres, not the states. -#}
{% macro region_of_airport(latitude, longitude) -%}
    case
        when {{ latitude }} is null then 'unknown'
        when {{ longitude }} > -70 and {{ latitude }} < 25 then 'caribbean'
        when {{ longitude }} < -115 then 'west_coast'
        when {{ longitude }} < -100 then 'mountain'
        when {{ latitude }} < 31.5 and {{ longitude }} > -86 then 'florida'
        when {{ latitude }} < 37 and {{ longitude }} > -89.5 then 'southeast'
        when {{ latitude }} < 37 then 'south'
        when {{ longitude }} < -79 then 'midwest'
        else 'northeast'
    end
{%- endmacro %}
