{#- Every row of left with the columns of the last row of right known before it; right has one row per (on, known_at). -#}
{% macro asof_left_join(left, right, on, as_of, known_at, columns, last_known_at=none) -%}
    {{ return(adapter.dispatch('asof_left_join', 'asof')(left, right, on, as_of, known_at, columns, last_known_at)) }}
{%- endmacro %}

{% macro default__asof_left_join(left, right, on, as_of, known_at, columns, last_known_at=none) -%}
    select
        l.*
        {%- for column in columns %},
        r.{{ column }}{% endfor %}
        {%- if last_known_at %},
        r.{{ known_at }} as {{ last_known_at }}{% endif %}
    from {{ left }} as l
    asof left join {{ right }} as r
        on {% for column in on %}l.{{ column }} = r.{{ column }} and {% endfor -%}
        {{ asof.known_before('r.' ~ known_at, 'l.' ~ as_of) }}
{%- endmacro %}
