{#- What a measure of mon_signals measures, in words with its unit; a measure without words here is called by its name. An expression. -#}
{% macro measure_in_words(measure) -%}
    {%- set words = {
        'shift': 'mean',
        'spread': 'spread, as a multiple of that of training',
        'shape': 'distance of its distribution from that of training, 0 to 1',
        'top_share': 'share of the rows in its fullest cell',
        'mean_apart': 'mean, less what its companion lets expect',
        'spread_apart': 'spread, less what its companion lets expect, as a multiple of that of training',
        'missing': 'share of missing values',
        'missing_apart': 'share of missing values beyond that of its companion',
        'unseen': 'share of values that training never saw',
        'out_of_range': 'share of values out of the range of training',
        'score_spread': 'spread, as a multiple of that of the holdout',
        'score_shape': 'distance of its distribution from that of the holdout, 0 to 1',
        'score_top_share': 'share of the rows in its fullest cell',
        'mean_score': 'mean',
        'score_above_rule': 'mean less that of the rule',
        'share_flagged': 'share flagged',
        'entropy': 'mean entropy, in bits',
        'share_distinct': 'share of distinct values',
        'reasons_moved': 'share of the reasons that are other ones than in the four weeks before',
        'rows_scored': 'rows scored',
        'label_rate': 'share of true labels',
        'label_surprise': 'share of true labels less mean score',
        'auc_lost': 'area under the ROC curve that its scores claim and labels do not give',
        'auc_lost_week': 'area under the ROC curve, over seven days, that its scores claim and labels do not give',
        'rows': 'rows of the day',
        'hours_behind': 'hours from its newest row to the clock',
    } -%}
    case {{ measure }}
        {%- for name, text in words.items() %}
        when '{{ name }}' then '{{ text }}'
        {%- endfor %}
        else replace({{ measure }}, '_', ' ')
    end
{%- endmacro %}
