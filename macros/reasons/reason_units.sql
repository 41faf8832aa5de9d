{#- The units that a reason may declare; ml/problem/declared/reason.py says what each is for, and a test holds both lists equal. -#}
{% macro reason_units() -%}
    {{ return(['share', 'count', 'number', 'money', 'seconds', 'minutes', 'hours', 'days', 'date', 'time_of_day', 'weekday', 'category', 'boolean']) }}
{%- endmacro %}
