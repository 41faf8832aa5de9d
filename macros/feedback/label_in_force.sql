{#- One row per (entity, as_of): the label that holds now, the one that was observed, and since when the former is known.
    Corrected rows are few: only they are looked up, the others pass through. -#}
{% macro label_in_force(versions, entity, label, as_of='as_of') -%}
    select
        observed.{{ entity }},
        observed.{{ as_of }},
        coalesce(corrected.label, observed.{{ label }}) as label,
        observed.{{ label }} as observed_label,
        observed.label_known_at as observed_known_at,
        coalesce(corrected.label_known_at, observed.label_known_at) as label_known_at
    from {{ versions }} as observed
    left join (
        select {{ entity }}, {{ as_of }}, max_by({{ label }}, label_known_at) as label, max(label_known_at) as label_known_at
        from {{ versions }}
        where is_correction
        group by {{ entity }}, {{ as_of }}
    ) as corrected on corrected.{{ entity }} = observed.{{ entity }} and corrected.{{ as_of }} = observed.{{ as_of }}
    where not observed.is_correction
{%- endmacro %}
