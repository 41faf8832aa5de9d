-- One row per problem and silent source that its labels are made of: what became known after that source's newest row is made of nothing.
with silent_sources as (select * from {{ ref('mon_silent_sources') }} where is_silent),

sources_of_labels as (
    {{ no_rows({'problem': 'varchar', 'source': 'varchar'}) }}
    {%- for problem in var('problems') %}
    {%- for source in sources_of(problem ~ '__labels') %}
    union all
    select '{{ problem }}', '{{ source }}'
    {%- endfor %}
    {%- endfor %}
)

select
    sources_of_labels.problem,
    silent_sources.source,
    silent_sources.known_through,
    silent_sources.hours_behind,
    silent_sources.hours_usual
from sources_of_labels
inner join silent_sources on silent_sources.source = sources_of_labels.source
