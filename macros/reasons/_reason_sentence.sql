{#- Last step: the value in its text. `(s)` is the plural of what is counted: it is decided before the value, which may hold anything, is
    put in. Fields of a struct. -#}
{% macro _reason_sentence() -%}
    sentence := case
        when one['value'] is null then coalesce(one['declared']['missing'], concat('unknown: ', one['name']))
        else replace(
            replace(
                coalesce(one['negative'], one['declared']['text'], concat(one['name'], ': {value}')),
                '(s)', case when one['shown'] in ('1', 'minus 1') then '' else 's' end),
            '{value}', one['shown'])
    end
{%- endmacro %}
