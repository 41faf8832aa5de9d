{#- The reasons of a prediction as a list of structs, in their order: `feature`; `value`, null where it was missing; and
    `contribution`, what it added to the log-odds, all text. Empty where the text is not in the form that ml/models/explain.py writes:
    `feature=value (+0.8); feature=value (+0.3)`, a text that could be misread in JSON's quotes. An expression. -#}
{% macro split_reasons(reasons) -%}{{ return(adapter.dispatch('split_reasons')(reasons)) }}{%- endmacro %}

{% macro default__split_reasons(reasons) -%}
    {%- set one = '([^=]+)=("(?:[^"\\\\]|\\\\.)*"|.*?) \\(([-+][-+.0-9a-z]+)\\)(?:; |\\z)' -%}
    list_transform(
        list_transform(
            case when regexp_full_match({{ reasons }}, '(?s)(?:{{ one }})+') then regexp_extract_all({{ reasons }}, '(?s){{ one }}') else [] end,
            lambda found: regexp_extract(found, '(?s){{ one }}', ['feature', 'value', 'contribution'])
        ),
        lambda found: struct_pack(
            feature := found['feature'],
            value := case
                when found['value'] = 'missing' then null
                when starts_with(found['value'], '"') and json_valid(found['value']) then json_extract_string(found['value'], '$')
                else found['value']
            end,
            contribution := found['contribution']
        )
    )
{%- endmacro %}
