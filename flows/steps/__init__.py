"""Everything that reads or writes: the warehouse, dbt, the ledger, landing, publishing."""
