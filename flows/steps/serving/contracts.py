"""Soda contracts on what people read: verified against the warehouse before anything is published."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import duckdb
import jsonschema
import yaml

from flows.runtime import warehouse
from flows.runtime.settings import PROJECT
from flows.runtime.step import step
from flows.store import clock, ledger
from ml.errors import AsofError

CONTRACTS = PROJECT / "checks" / "contracts"
SOURCE = "warehouse"


@step()
def verify(folder: Path = CONTRACTS) -> int:
    """Verify every contract of a folder; returns the number of checks that passed.

    AsofError names the contract and the checks that failed, warned or could not be evaluated: none of these is a pass.
    """
    with ledger.run("contracts", clock.now()) as run:
        run.rows = _verify(folder)
        run.message = f"{run.rows} checks passed"
    return run.rows


def _verify(folder: Path) -> int:
    passed, broken = checked(folder, warehouse.cursor)
    if broken:
        raise AsofError(f"{len(broken)} contract checks do not hold, nothing is published: {'; '.join(broken[:5])}")
    if not passed:
        raise AsofError(f"{folder} holds no check that was evaluated; a contract without checks protects nobody")
    return passed


def checked(folder: Path, cursor: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]) -> tuple[int, list[str]]:
    """How many checks of a folder's contracts hold, and a line for each that does not; each contract gets a cursor of its own.

    AsofError for a contract that is none, and where Soda itself fails.
    """
    os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"  # read when soda is imported
    from soda_core.contracts import verify_contract_locally
    from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

    logging.getLogger("soda").setLevel(logging.CRITICAL)
    passed, broken = 0, []
    for file in sorted(folder.glob("*.yml")):
        validate(file)
        with cursor() as con:
            source = DuckDBDataSourceImpl.from_existing_cursor(con, name=SOURCE)
            session = verify_contract_locally(data_sources=source, contract_file_path=str(file))
        if session.has_errors:
            raise AsofError(f"{file.name}: soda could not verify it: {' '.join(session.get_errors_str().split())[:500]}")
        for result in session.contract_verification_results:
            for check in result.check_results:
                if check.is_passed:
                    passed += 1
                else:
                    where = f"{check.check.column_name}: " if check.check.column_name else ""
                    broken.append(f"{file.name}: {where}{check.check.name} is {check.outcome.name}")
    return passed, broken


def validate(file: Path) -> None:
    """Check a contract against Soda's own JSON schema, because Soda itself passes over keys that it does not know."""
    try:
        contract = yaml.safe_load(file.read_text())
    except yaml.YAMLError as error:
        raise AsofError(f"{file.name} is not YAML: {' '.join(str(error).split())}") from error
    error = jsonschema.exceptions.best_match(_validator().iter_errors(contract))
    if error:
        raise AsofError(f"{file.name}: {'.'.join(map(str, error.absolute_path)) or 'the contract'}: {error.message[:300]}")


@lru_cache(maxsize=1)
def _validator() -> jsonschema.Validator:
    folder = Path(next(iter(find_spec("soda_core").submodule_search_locations)))
    schema = json.loads(next((folder / "contracts").glob("soda_data_contract_json_schema_*.json")).read_text())
    # Soda's schema knows which keys a column may have, but forgets to forbid others: a misspelt `checks` would check nothing.
    column = schema["properties"]["columns"]["items"]
    column["propertyNames"] = {"enum": [name for part in column["allOf"] for name in part.get("properties", {})]}
    return jsonschema.validators.validator_for(schema)(schema)
