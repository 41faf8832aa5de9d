{#- Standard error of an area under the ROC curve over so many positives and negatives. Double; an expression.
    Source: Hanley and McNeil 1982, with their exponential approximation. -#}
{% macro area_error(area, positives, negatives) -%}
    sqrt((
        {{ area }} * (1 - {{ area }})
        + ({{ positives }} - 1) * ({{ area }} / (2 - {{ area }}) - {{ area }} * {{ area }})
        + ({{ negatives }} - 1) * (2 * {{ area }} * {{ area }} / (1 + {{ area }}) - {{ area }} * {{ area }})
    ) / nullif({{ positives }} * {{ negatives }}, 0))
{%- endmacro %}
