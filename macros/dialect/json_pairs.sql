{#- Every row of a relation once for each key that one of two JSON objects has, with `feature`, the key, and of each object in columns of its
    own: the text under it, null where it is null or is not there, and whether it is there. A SELECT. -#}
{% macro json_pairs(relation, one, other) -%}{{ return(adapter.dispatch('json_pairs')(relation, one, other)) }}{%- endmacro %}

{% macro default__json_pairs(relation, one, other) -%}
    select
        pairs.*,
        {%- for object in [one, other] %}
        json_extract_string({{ object }}, concat('$."', feature, '"')) as {{ object }}_value,
        list_contains(json_keys({{ object }}), feature) as {{ object }}_has{{ ',' if not loop.last }}
        {%- endfor %}
    from (select *, unnest(list_distinct(list_concat(json_keys({{ one }}), json_keys({{ other }})))) as feature from {{ relation }}) as pairs
{%- endmacro %}
