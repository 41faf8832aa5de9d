-- One row per column that a model has and its YAML does not, or the other way round. The columns of problems are left out:
-- their one list is the contract of the training set, which the database enforces.
-- Runs after: {{ ref('alerts') }} {{ ref('flight_disruption_predictions') }} {{ ref('model_quality') }} {{ ref('mart_model_versions') }} {{ ref('mart_experiments') }}
{%- set documented = [] -%}
{%- if execute -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema != 'problems' -%}
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
