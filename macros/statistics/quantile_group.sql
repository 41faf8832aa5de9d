{#- Which quantile group of the reference a point lies in, an expression over running counts: 0 … groups - 1 by the share of the
    reference before it, -1 below everything the reference holds, `groups` above. A group is whole points, so equal values stay
    together; a group that one heavy value fills twice over is followed by an empty number. -#}
{% macro quantile_group(expected, expected_so_far, expected_n, groups) -%}
    case
        when {{ expected_so_far }} = 0 then -1
        else floor({{ groups }} * ({{ expected_so_far }} - coalesce({{ expected }}, 0)) / {{ expected_n }})
    end
{%- endmacro %}
