"""What children of `tests.children` need and never change: imported and parsed once, in the server they fork from."""

import os
import tempfile

os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"

import matplotlib.pyplot  # noqa: F401
import soda_duckdb.common.data_sources.duckdb_data_source  # noqa: F401

import flows.cli.main
import flows.pages.report.page
import flows.pages.summary
import flows.replay  # noqa: F401
from flows.runtime import dbt

with tempfile.TemporaryDirectory() as target:
    os.environ["DBT_TARGET_PATH"] = target  # each child has its own
    dbt.manifest_dict()
