{#- In an incremental monitor by day or week: only the periods that may still change, because labels or late rows arrive. They
    are computed anew (`delete+insert`), older ones stay as they are: a day costs the open days, whatever the history. Open are the
    last `monitors_stay_open_days`, and everything since the oldest period whose labels have changed. Where this is not the first look of a
    day, `vars: open_since` says from when on rows have come since: the five weeks were computed at the first one.

    date     the date of the rows that are read
    column   the period, a column of the model; by default the same name
    before   how many days before the first open one are read as well, for what compares with a period before
    changed  what `oldest_change` says, for a model that reads labels -#}
{% macro open_days(date, column=none, before=0, changed=none) -%}
    {%- if is_incremental() -%}
    {%- set youngest = 'cast(' ~ built_through(column or date) ~ ' as date) - interval ' ~ var('monitors_stay_open_days') ~ ' days' -%}
    {%- if var('open_since', none) -%}
        {%- set youngest = 'greatest(' ~ youngest ~ ", date '" ~ var('open_since') ~ "')" -%}
    {%- endif -%}
    {{ date }} >= {{ 'least(' ~ changed ~ ', ' ~ youngest ~ ')' if changed else youngest }} - interval {{ before }} days
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}
