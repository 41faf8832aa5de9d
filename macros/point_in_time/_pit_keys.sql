{#- The keys that are asked about, each as one value: a number, which is sorted and compared in half the time of text. -#}
{% macro _pit_keys(on) -%}
    {{ return(adapter.dispatch('_pit_keys', 'asof')(on)) }}
{%- endmacro %}

{% macro default___pit_keys(on) -%}
    select {{ (on + ['']) | join(', ') }}cast(row_number() over (order by {{ on | join(', ') or 1 }}) as integer) as pit_key
        from (select distinct {{ on | join(', ') or '1 as pit_one' }} from pit_spine where {{ asof._pit_filter(on) }}) as pit_asked
{%- endmacro %}

{#- On a cluster a number for each key would need all keys in one place. -#}
{% macro spark___pit_keys(on) -%}
    select distinct {{ (on + ['']) | join(', ') }}{{ 'struct(' ~ on | join(', ') ~ ')' if on else '1' }} as pit_key
        from pit_spine where {{ asof._pit_filter(on) }}
{%- endmacro %}
