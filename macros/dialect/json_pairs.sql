{#- Every row of a relation once for each key of a JSON object, with `feature`, the key, and the text under it, null where it
    is null, in a column of its own for each object; both objects have the same keys. A SELECT. -#}
{% macro json_pairs(relation, one, other) -%}{{ return(adapter.dispatch('json_pairs')(relation, one, other)) }}{%- endmacro %}

{% macro default__json_pairs(relation, one, other) -%}
    select
        pairs.*,
        json_extract_string({{ one }}, concat('$."', feature, '"')) as {{ one }}_value,
        json_extract_string({{ other }}, concat('$."', feature, '"')) as {{ other }}_value
    from (select *, unnest(json_keys({{ one }})) as feature from {{ relation }}) as pairs
{%- endmacro %}
