{#- Fourth step: how many of what; a duration in its one or two greatest units, such as 3 hours and 20 minutes. Fields of a struct. -#}
{% macro _reason_counted() -%}
    {%- set seconds = "one['seconds']" -%}
    {%- set minutes = "round(" ~ seconds ~ " / 60)" -%}
    {%- set hours = "round(" ~ seconds ~ " / 3600)" -%}
    {#- When a number is said like this: its noun, how many of it, and how many of the next smaller one. -#}
    {%- set forms = [
        (seconds ~ " is null", "null", "one['amount']", "0"),
        (seconds ~ " = 0", "left(one['unit'], -1)", "0", "0"),
        (seconds ~ " < 0.95", "'second'", seconds, "0"),
        (seconds ~ " < 59.5", "'second'", "round(" ~ seconds ~ ")", "0"),
        (minutes ~ " < 60", "'minute'", minutes, "0"),
        (minutes ~ " < 24 * 60", "'hour'", "floor(" ~ minutes ~ " / 60)", minutes ~ " % 60"),
        (hours ~ " < 10 * 24", "'day'", "floor(" ~ hours ~ " / 24)", hours ~ " % 24"),
        ("true", "'day'", "round(" ~ seconds ~ " / 86400)", "0"),
    ] -%}
    {%- for field, place in (('noun', 1), ('many', 2), ('rest', 3)) %}
    {{ field }} := case
        {%- for form in forms %}
        when {{ form[0] }} then {{ form[place] }}
        {%- endfor %}
    end{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
