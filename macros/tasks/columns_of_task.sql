{#- What predictions of a problem hold beside those of every task: the ends of the intervals of a number; of classes the predicted one, and
    the probability of each by model and rule. ml/models/tasks.py writes the same. A list of names. -#}
{% macro columns_of_task(problem) -%}
    {%- set declared, found = declared_problem(problem), [] -%}
    {%- if declared.task == 'regression' -%}
        {%- set found = ['low_80', 'high_80', 'low_95', 'high_95'] -%}
    {%- elif declared.task == 'multiclass' -%}
        {%- do found.append('predicted') -%}
        {%- for who in ['score', 'rule'] -%}
            {%- for class in declared.classes -%}{%- do found.append(who ~ '_' ~ class) -%}{%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
