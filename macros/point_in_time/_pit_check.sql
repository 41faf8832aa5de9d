{#- Reject columns that do not exist and pairs that cannot be compared, where the relations exist at compile time.
    `uses` maps an argument to the columns or expressions of facts it names; expressions are left to the database.
    A macro without a spine passes false. -#}
{% macro _pit_check(name, spine, facts, on, as_of, known_at, uses={}) -%}
    {#- an incremental run repeats what the first build has checked: asking the catalogue again would cost more than the run -#}
    {%- if execute and model.config.materialized in ['incremental', 'append_only'] and is_incremental() -%}{{ return('') }}{%- endif -%}
    {%- for argument, value in {'spine': spine, 'facts': facts}.items() if value is none -%}
        {{ asof._pit_error(name, argument, 'is missing') }}
    {%- endfor -%}
    {%- set left, right = asof._pit_columns(spine) if spine else none, asof._pit_columns(facts) -%}
    {%- for argument, columns in {'on': on, 'as_of': [as_of]}.items() if left is not none -%}
        {%- for column in columns if column | lower not in left -%}
            {{ asof._pit_error(name, argument, 'names ' ~ column ~ ', which spine (' ~ spine ~ ') does not have; it has '
                ~ left.keys() | join(', ')) }}
        {%- endfor -%}
    {%- endfor -%}
    {%- if right is not none -%}
        {%- for argument, columns in dict({'on': on, 'known_at': [known_at]}, **uses).items() -%}
            {%- for column in columns if column is string and modules.re.match('^[A-Za-z_][A-Za-z0-9_]*$', column)
                    and column | lower not in right and column | lower not in ['true', 'false', 'null'] -%}
                {{ asof._pit_error(name, argument, 'names ' ~ column ~ ', which facts (' ~ facts ~ ') does not have; it has '
                    ~ right.keys() | join(', ')) }}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for column, other in (zip(on, on) | list) + [(as_of, known_at)] if left is not none and right is not none -%}
        {%- if left[column | lower] != right[other | lower] -%}
            {{ asof._pit_error(name, 'on' if column in on else 'known_at', 'compares ' ~ column ~ ' (' ~ left[column | lower]
                ~ ', in spine) with ' ~ other ~ ' (' ~ right[other | lower] ~ ', in facts): different types') }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
