{#- A score in words that never contradict the flag, whatever costs are declared: from the threshold on, by which a row is flagged, it is
    likely enough to act; below it, more than usual above the mean of all scores, and else unlikely. An expression. -#}
{% macro score_in_words(score, flagged) -%}
    case
        when {{ flagged }} then 'likely enough to act'
        when {{ score }} > avg({{ score }}) over () then 'more than usual'
        else 'unlikely'
    end
{%- endmacro %}
