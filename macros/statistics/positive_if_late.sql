{#- The probability that a label which has not arrived yet is positive, by Bayes: positives and negatives keep people waiting
    differently long. Double; an expression.

    probability    what the score says before anyone waits
    positives_in   share of positive labels that have arrived by this age;  negatives_in  the same of negative ones -#}
{% macro positive_if_late(probability, positives_in, negatives_in) -%}
    {%- set positive = probability ~ ' * greatest(1e-6, 1 - ' ~ positives_in ~ ')' -%}
    {%- set negative = '(1 - ' ~ probability ~ ') * greatest(1e-6, 1 - ' ~ negatives_in ~ ')' -%}
    ({{ positive }}) / ({{ positive }} + {{ negative }})
{%- endmacro %}
