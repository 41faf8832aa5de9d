{#- The salted hash of a personal value, for staging: the same value has the same hash, and nobody looks it up. The same SQL as in
    flows/runtime/salt.py. The salt stands in a table, so that no compiled SQL, log or page holds it. -#}
{% macro hashed(expression) -%}{{ return(adapter.dispatch('hashed')(expression)) }}{%- endmacro %}

{% macro default__hashed(expression) -%}sha256((select salt from landing.salt) || cast({{ expression }} as varchar)){%- endmacro %}
