{#- The reasons of a prediction as sentences, such as "raises: 49 % of all flights disrupted in the last 7 days; wind of 30 miles an
    hour". The direction stands before the first reason that it holds for. The texts are those that the columns of
    <problem>__training_set declare (macro declared_reasons). What cannot be read as reasons stays as it is. An expression. -#}
{% macro reasons_in_words(problem, reasons='reasons') -%}
    {{ return(adapter.dispatch('reasons_in_words')(problem, reasons)) }}
{%- endmacro %}

{% macro default__reasons_in_words(problem, reasons) -%}
    {#- Each step adds fields to the struct `one`, so that no expression stands twice: DuckDB takes long to bind long ones. -#}
    {%- set steps = [_reason_declared(problem), _reason_measured(), _reason_scaled(), _reason_counted(), _reason_value(), _reason_sentence()] -%}
    coalesce(list_transform(
        [{{ 'list_transform(' * steps | length }}{{ split_reasons(reasons) }}
        {%- for step in steps %},
        lambda one: struct_insert(one, {{ step }}))
        {%- endfor %}],
        lambda said: case when len(said) > 0 then array_to_string(list_transform(said, lambda one, place: concat(
            case
                when place > 1 and said[place - 1]['raises'] = one['raises'] then ''
                when one['raises'] then 'raises: '
                else 'lowers: '
            end,
            one['sentence']
        )), '; ') end
    )[1], {{ reasons }})
{%- endmacro %}
