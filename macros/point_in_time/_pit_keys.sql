{#- The keys that are asked about, each with a number: numbers are sorted and compared in half the time of text. -#}
{% macro _pit_keys(on) -%}
    select {{ (on + ['']) | join(', ') }}cast(row_number() over (order by {{ on | join(', ') or 1 }}) as integer) as pit_key
        from (select distinct {{ on | join(', ') or '1 as pit_one' }} from pit_spine where {{ asof._pit_filter(on) }}) as pit_asked
{%- endmacro %}
