"""The ledger tables that a landing writes, without dbt."""

LEDGER = """
    create schema ledger;
    create table ledger.batches (batch_id varchar, source varchar, file varchar, bytes bigint, modified_ns bigint,
        rows_received bigint, rows_loaded bigint, rows_quarantined bigint, known_from timestamp,
        known_through timestamp, landed_as_of timestamp, landed_at timestamp, landing_number bigint);
    create table ledger.quarantine (batch_id varchar, source varchar, file varchar, line bigint,
        column_name varchar, reason varchar, raw varchar, landed_at timestamp, origin varchar);
    create table ledger.file_checks (number bigint, batch_id varchar, source varchar, file varchar, as_of timestamp, bytes bigint,
        modified_ns bigint, sha256 varchar, is_as_landed boolean);
"""
