{#- Fails with the rows of `of` that never arrived in the model: what an inner join or a late file drops in silence.

    of     relation the model is built from;  key  column that both have -#}
{% test no_row_is_lost(model, of, key) -%}
    select {{ key }} from {{ of }}
    except
    select {{ key }} from {{ model }}
{%- endtest %}
