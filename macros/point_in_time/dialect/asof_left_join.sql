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

{#- Both in one order of (on, time), left before right at an instant, which is `known_before` as an order; each row of left takes the
    last row of right that came before it. -#}
{% macro spark__asof_left_join(left, right, on, as_of, known_at, columns, last_known_at=none) -%}
    {%- set taken = {'pit_taken_at': 'r.' ~ known_at} -%}
    {%- for column in columns -%}{%- do taken.update({column: 'r.' ~ column}) -%}{%- endfor -%}
    {%- set numbers = range(on | length) -%}
    select
        pit_left.*
        {%- for column in columns %},
        pit_taken.{{ column }}{% endfor %}
        {%- if last_known_at %},
        pit_taken.pit_taken_at as {{ last_known_at }}{% endif %}
    from (
        select
            pit_left, pit_side,
            last_value(pit_right) ignore nulls over (
                {{ 'partition by pit_on_' ~ numbers | join(', pit_on_') if on }} order by pit_when, pit_side rows unbounded preceding
            ) as pit_taken
        from (
            select {% for column in on %}l.{{ column }} as pit_on_{{ loop.index0 }}, {% endfor %}l.{{ as_of }} as pit_when, 0 as pit_side,
                struct(l.*) as pit_left, null as pit_right
            from {{ left }} as l
            union all
            select {% for column in on %}r.{{ column }}, {% endfor %}r.{{ known_at }}, 1, null, {{ asof.struct_literal(taken) }}
            from {{ right }} as r
            where r.{{ known_at }} is not null{% for column in on %} and r.{{ column }} is not null{% endfor %}
        ) as pit_both
    ) as pit_ordered
    where pit_side = 0
{%- endmacro %}
