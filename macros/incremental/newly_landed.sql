{#- In an incremental model: only what landed since the model was last built. Rows are told by the number of their landing, which
    only grows, and not by when they were known or by a clock: what comes late, or after the clock stepped back, is not lost.

    A model that makes one row of each row names the relation and a key of it: then rows that were left out before are taken in as
    well, as soon as they can be. They were left out because they found no partner in a join, or were not built yet when another
    input was. Which batches lack rows is asked before the model runs; usually none does, and the condition is a literal. -#}
{% macro newly_landed(relation=none, key=none, where='true', landing_number='landing_number') -%}
    {%- if not is_incremental() -%}{{ return('true') }}{%- endif -%}
    {%- set through = built_through('landing_number', empty='0') -%}
    {%- if not key -%}{{ return(landing_number ~ ' > ' ~ through) }}{%- endif -%}
    {%- set built = 'from ' ~ this ~ ' where (' ~ where ~ ')' -%}
    {%- set unfinished -%}
    select landing_number
    from (select {{ landing_number }} as landing_number, count(*) as rows from {{ relation }} group by 1) as there
    left join (select landing_number, count(*) as rows {{ built }} group by 1) as built using (landing_number)
    where landing_number <= {{ through }} and there.rows > coalesce(built.rows, 0)
    {%- endset -%}
    {%- if execute and this is not string -%}
        {%- set unfinished = answer("(select string_agg(landing_number, ', ') from (" ~ unfinished ~ "))") -%}
        {%- if not unfinished -%}{{ return(landing_number ~ ' > ' ~ through) }}{%- endif -%}
    {%- endif -%}
    (
        {{ landing_number }} > {{ through }}
        or {{ landing_number }} in ({{ unfinished }})
        and {{ key }} not in (select {{ key }} {{ built }})
    )
{%- endmacro %}
