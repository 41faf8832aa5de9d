{#- The facts that some instant of `pit_spine` can see, through a window of so many seconds if there is one. -#}
{% macro _pit_reach(on, where, as_of, known_at, longest=none) -%}
    {%- if longest -%}
    {{ known_at }} >= (select min({{ as_of }}) from pit_spine) - interval '{{ longest }} seconds'
            and {% endif -%}
    {{ asof.known_before(known_at, '(select max(' ~ as_of ~ ') from pit_spine)') }}
            and {{ asof._pit_filter(on, where) }}
{%- endmacro %}
