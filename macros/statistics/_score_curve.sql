{#- Score points of each group with the running counts that areas and calibration are made of; ties are one point. Doubles:
    counts below 2^53 are exact in them.

    Returns by…, at_score, n, pos, neg, n_so_far and pos_so_far (from the highest score down to this one), all_n, all_pos,
            bin: which fifteenth of the rows the point ends in: bins of equal rows, ties together, as many as ml/statistics/evaluate.py takes -#}
{% macro _score_curve(relation, by, score, rows, positives, bins=15) -%}
    {%- set keys = by | join(', ') -%}
    select
        *,
        n - pos as neg,
        least({{ bins }} - 1, floor({{ bins }} * (all_n - n_so_far + n - 1) / greatest(all_n - 1, 1))) as bin
    from (
        select
            *,
            sum(pos) over descending as pos_so_far,
            sum(n) over descending as n_so_far,
            sum(pos) over everything as all_pos,
            sum(n) over everything as all_n
        from (
            select
                {{ keys }},
                {{ score }} as at_score,
                cast(sum({{ rows }}) as double) as n,
                cast(sum({{ positives }}) as double) as pos
            from {{ relation }}
            group by all
        ) as points
        window
            descending as (partition by {{ keys }} order by at_score desc rows between unbounded preceding and current row),
            everything as (partition by {{ keys }} order by at_score desc rows between unbounded preceding and unbounded following)
    ) as running
{%- endmacro %}
