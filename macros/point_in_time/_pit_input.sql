{#- The SQL that turns a fact into the input of one measure. Sums are taken over integers or decimals, never floats:
    exact sums do not depend on the order of the rows, the batch or the form. -#}
{% macro _pit_input(name, out, spec, known_at) -%}
    {%- set known = asof._pit_aggregates() -%}
    {%- set argument = 'measures.' ~ out -%}
    {%- if spec is mapping or spec is not iterable or not spec or spec[0] not in known -%}
        {{ asof._pit_error(name, argument, 'asks for ' ~ spec ~ ', not one of ' ~ known.keys() | join(', ')) }}
    {%- endif -%}
    {%- set aggregate, expression, type = spec[0], spec[1] | default(none), spec[2] | default('decimal(18, 6)') -%}
    {%- if expression is none and aggregate not in ['count', 'time_since', 'time_since_first'] -%}
        {{ asof._pit_error(name, argument, 'is missing the expression to aggregate') }}
    {%- elif spec | length > (3 if aggregate in ['sum', 'mean', 'stddev'] else 2) -%}
        {{ asof._pit_error(name, argument, 'has too many parts: ' ~ spec) }}
    {%- elif not modules.re.match('^(integer|bigint|decimal[(][0-9]+, ?[0-9]+[)])$', type) -%}
        {{ asof._pit_error(name, argument, 'is summed as ' ~ type ~ ', not integer, bigint or decimal(p, s)') }}
    {%- endif -%}
    {%- if aggregate == 'count' -%}{{ return(expression or '1') }}
    {%- elif aggregate in ['time_since', 'time_since_first'] -%}{{ return(expression or known_at) }}
    {%- elif aggregate in ['sum', 'mean', 'stddev'] -%}{{ return('cast(' ~ expression ~ ' as ' ~ type ~ ')') }}
    {%- elif aggregate == 'total' -%}{{ return('cast(' ~ expression ~ ' as bigint)') }}
    {%- elif aggregate in ['share', 'count_if'] -%}
        {{ return('case when ' ~ expression ~ ' then 1 when not (' ~ expression ~ ') then 0 end') }}
    {%- elif aggregate in ['first', 'last'] -%}
        {{ return('case when ' ~ expression ~ ' is not null then '
            ~ asof.struct_literal({'at': known_at, 'x': expression}) | trim ~ ' end') }}
    {%- else -%}{{ return(expression) }}{%- endif -%}
{%- endmacro %}
