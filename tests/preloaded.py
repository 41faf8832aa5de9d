"""What children of `tests.children` need and never change: imported and parsed once, in the server they fork from."""

import os
import tempfile

os.environ.setdefault("DBT_TARGET_PATH", tempfile.mkdtemp(prefix="asof-target-"))
os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"

import soda_duckdb.common.data_sources.duckdb_data_source  # noqa: F401

import flows.cli
import flows.lifecycle
import flows.steps.summary  # noqa: F401
from flows.steps import dbt

dbt.manifest_dict()
