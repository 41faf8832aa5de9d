-- One row per column that a model has and its YAML does not, or the other way round. Left out are the columns of problems, whose
-- one list is the contract of the training set, and of every other model with a contract: the database enforces it.
-- Runs after the models that no other reads, so that it looks at what they are now:
-- {{ ref('alerts') }} {{ ref('mon_error_slices') }} {{ ref('mon_errors') }} {{ ref('mon_feedback') }} {{ ref('mon_findings') }} {{ ref('mon_health') }}
-- {{ ref('mon_notices') }} {{ ref('mon_refused') }} {{ ref('mon_retraining') }} {{ ref('model_quality') }}
-- {{ ref('model_versions') }} {{ ref('experiments') }}
{%- set documented = [] -%}
{%- if execute -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema != 'problems' and not node.config.contract.enforced -%}
        {%- for column in node.columns -%}
            {%- do documented.append("('" ~ node.schema ~ "', '" ~ node.alias ~ "', '" ~ column ~ "')") -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endif %}
with documented as (
    select * from (values {{ documented | join(', ') or "('', '', '')" }}) as listed (layer, model, column_name)
),

there as (
    select table_schema as layer, table_name as model, column_name
    from information_schema.columns
    where table_catalog = '{{ target.database }}' and (table_schema, table_name) in (select (layer, model) from documented)
),

undocumented as (select * from there except select * from documented),

made_up as (
    select * from documented where (layer, model) in (select (layer, model) from there)
    except
    select * from there
)

select 'undocumented' as what, * from undocumented
union all
select 'not there' as what, * from made_up
