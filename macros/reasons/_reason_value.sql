{#- Fifth step: the value in words. A number below 0 is "minus …", unless a text for it is declared. Fields of a struct. -#}
{% macro _reason_value() -%}
    {%- set number, value, many, rest = "one['number']", "one['value']", "one['many']", "cast(cast(one['rest'] as integer) as varchar)" -%}
    shown := case one['unit']
        when 'boolean' then case when {{ value }} in ('true', '1') then 'yes' else 'no' end
        when 'date' then {{ date_in_words("coalesce(try_cast(" ~ value ~ " as date), date '1970-01-01' + cast(floor(" ~ number ~ ") as integer))") }}
        when 'category' then {{ text_in_one_line(value) }}
        when 'weekday' then ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][cast({{ number }} as integer)]
        when 'time_of_day' then concat(
            lpad(cast(cast(floor({{ number }} / 60) as integer) as varchar), 2, '0'), ':',
            lpad(cast(cast(floor({{ number }} % 60) as integer) as varchar), 2, '0'))
        else concat(
            case when {{ number }} < 0 and one['negative'] is null then 'minus ' else '' end,
            coalesce(one['declared']['currency'] || ' ', ''),
            case
                when one['unit'] = 'share' and one['size'] >= 0.995 and one['size'] < 1 then 'over 99'
                when one['unit'] = 'money' and {{ many }} <> round({{ many }}) then {{ format_number('{:.2f}', many) }}
                else {{ number_in_words(many) }}
            end,
            case when one['unit'] = 'share' then ' %' else '' end,
            case when one['noun'] is null then '' when {{ many }} = 1 then concat(' ', one['noun']) else concat(' ', one['noun'], 's') end,
            case when one['rest'] > 0 then concat(' ', {{ rest }}, case when one['noun'] = 'day' then ' hour' else ' minute' end) else '' end,
            case when one['rest'] > 1 then 's' else '' end
        )
    end
{%- endmacro %}
