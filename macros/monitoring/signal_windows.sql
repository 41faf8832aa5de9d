{#- How far back a signal is compared with what is usual, as a dict; every number with its reason. docs/monitoring.md says how limits follow. -#}
{% macro signal_windows() -%}
    {%- set windows = {} -%}
    {#- what is usual: four of each weekday, and young enough to follow a season -#}
    {%- do windows.update({'level_days': 28}) -%}
    {#- what a weekday adds to it: eight of them -#}
    {%- do windows.update({'weekday_days': 56}) -%}
    {#- how far days are from it: a quarter of them, so that storms of a season are among them -#}
    {%- do windows.update({'scale_days': 91}) -%}
    {#- how far the worst series of a day is from it: two quarters -#}
    {%- do windows.update({'tail_days': 182}) -%}
    {#- by which a series goes beyond its ninth decile when it does: as a normal one, and a little -#}
    {%- do windows.update({'prior_excess': 0.3}) -%}
    {#- how many days that counts for: as many go beyond the ninth decile in seven weeks -#}
    {%- do windows.update({'prior_days': 5}) -%}
    {#- a tail is read from the worst tenth of the days: of 28 that is not quite three -#}
    {%- do windows.update({'fewest_days': 28}) -%}
    {#- what was exactly 0 on a week of days is expected to be 0 -#}
    {%- do windows.update({'fewest_zeros': 7}) -%}
    {{ return(windows) }}
{%- endmacro %}
