"""What every room above stands on: DuckDB, dbt, Prefect's step, settings, memory, errors as one line, the terminal."""
