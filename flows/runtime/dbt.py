"""dbt in this process: parsed once, run many times on the same manifest."""

from __future__ import annotations

import atexit
import contextlib
import gc
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from flows.runtime import artifacts, declarations, logs, parsed_project, warehouse
from flows.runtime.settings import PROJECT
from ml.errors import AsofError

# Materializations that add rows to a table that is there.
GROWING = ("incremental", "append_only")
# What profiles.yml reads from the environment.
PROFILE = ("ASOF_WAREHOUSE", "ASOF_MEMORY_LIMIT", "ASOF_THREADS", "ASOF_QUERY_LIMIT_SECONDS")
_FLAGS = (
    "--project-dir",
    str(PROJECT),
    "--profiles-dir",
    str(PROJECT),
    "--quiet",
    "--log-level",
    "none",
    "--log-level-file",
    "none",
    "--no-write-json",
    "--no-populate-cache",
    "--no-use-colors",
)


def built_anew(models: Iterable[str]) -> str:
    """The command by which people build models anew, in backticks, as it is typed in the project's folder."""
    return f"`.venv/bin/dbt run --full-refresh --select {' '.join(models)}`"


def _invoke(arguments: Sequence[str], manifest: Any = None, callbacks: Sequence[Callable] = ()) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner  # 1.5 s of import, only for those who build

    try:
        with contextlib.chdir(PROJECT):  # relative paths in profiles.yml count from the project
            began = time.perf_counter()
            result = dbtRunner(manifest=manifest, callbacks=list(callbacks)).invoke([*arguments, *_FLAGS])
            _log(arguments, result, time.perf_counter() - began)
            return result
    finally:
        DuckDBConnectionManager.close_all_connections()  # it keeps the file open between nodes, and would keep it after the last


def _log(arguments: Sequence[str], result: Any, seconds: float) -> None:
    from dbt_common.invocation import get_invocation_id

    figures = {
        "dbt_invocation_id": get_invocation_id(),
        "status": "succeeded" if result.success else "failed",
        "seconds": seconds,
    }
    logs.LOGGER.info("dbt %s", next(one for one in arguments if not one.startswith("-")), extra={"figures": figures})


def manifest() -> Any:
    """dbt's parsed project; an error in a model or a declaration is raised as one readable line.

    Parsed once for a warehouse's name, which is that of its database in every relation.
    """
    return _parsed(_file_name())


@lru_cache(maxsize=1)
def _parsed(file: str) -> Any:
    key = parsed_project.digest(_home())
    if key and parsed_project.is_dbts(key) and (found := _as_kept(key)):
        return found
    declarations.check()
    with _at_home():
        result = _invoke(["parse"])
    if not result.success:
        if isinstance(result.exception, OSError):
            raise result.exception  # the file system's, of which people are told by its path
        raise AsofError(f"dbt cannot parse the project: {result.exception}")
    _bring_home(result.result)
    if key and key == parsed_project.digest(_home()):  # nobody has edited it meanwhile
        parsed_project.write(key, parsed_project.text(result.result.to_dict(omit_none=False)))
    _settle()
    return result.result


def _as_kept(key: str) -> Any:
    """What dbt kept of its last parse, since which no file has changed: it need not look. None where that is not what it was."""
    with _at_home():
        result = _invoke(["--no-partial-parse-file-diff", "parse"])
    if not result.success or result.result.nodes.keys() != parsed_project.read(key)["nodes"].keys():
        return None
    _bring_home(result.result)
    _settle()
    return result.result


def _bring_home(parsed: Any) -> None:
    """Let seeds be read from this project: what dbt parsed says where it lay then, and may have moved or been copied since."""
    for node in parsed.nodes.values():
        if node.resource_type == "seed":
            node.root_path = str(PROJECT)


def _home() -> dict[str, str]:
    """The environment with the profile as it is by default, but for the name of the warehouse's file.

    Where path, memory or threads are not those of the last time dbt parses every file anew, and comes to the same.
    """
    given = {name: value for name, value in os.environ.items() if name not in PROFILE}
    return given | {"ASOF_WAREHOUSE": f"data/{_file_name()}"}


@contextlib.contextmanager
def _at_home() -> Iterator[None]:
    file = _file_name()
    given = {name: os.environ.pop(name) for name in PROFILE if name in os.environ}
    os.environ["ASOF_WAREHOUSE"] = f"data/{file}"
    try:
        yield
    finally:
        del os.environ["ASOF_WAREHOUSE"]
        os.environ.update(given)


def _file_name() -> str:
    return Path(os.environ.get("ASOF_WAREHOUSE", "warehouse.duckdb")).name


def _settle() -> None:
    """Leave the manifest out of garbage collections: half a million objects that live as long as the process.

    Looking through them took a sixth of the seconds of a replay.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    atexit.register(gc.unfreeze)  # or DuckDB's bindings report at exit what was never collected


def manifest_dict() -> dict:
    """The manifest as plain data, as `target/manifest.json` holds it; parsed where the project is not as it was the last time."""
    return _plain(_file_name())


@lru_cache(maxsize=1)
def _plain(file: str) -> dict:
    key = parsed_project.digest(_home())
    kept = parsed_project.read(key) if key else None
    return kept or json.loads(parsed_project.text(_parsed(file).to_dict(omit_none=False)))


def failure(command: str, failed: Sequence[dict], exception: BaseException | None) -> str:
    """In words: on which nodes a command failed, or with what; where it is neither, somebody stopped it."""
    if failed:
        # Which macros called each other is dbt's business.
        told = [f"{node['name']}: {' '.join(str(node['message']).split()).split(' > in macro ')[0]}" for node in failed[:3]]
        again = f"`dbt {command} --select {failed[0]['name']}` runs it alone and names its SQL"
        return f"dbt {command} failed on {'; '.join(told)}; {again}"
    if said := str(exception or "").strip():
        return f"dbt {command} failed on {said}"
    return f"dbt {command} was stopped before its end; what it had not done is done when it runs again"


def run(command: str, select: Sequence[str] = (), exclude: Sequence[str] = (), *options: str) -> list[dict]:
    """Run one dbt command; returns one dictionary per node: name, status, seconds, message.

    Raises AsofError naming the first nodes that failed, with dbt's own message.
    """
    warehouse.connection()  # dbt joins this DuckDB instance instead of opening and checkpointing the file anew
    arguments = [command, *options]
    if select:
        arguments += ["--select", *select]
    if exclude:
        arguments += ["--exclude", *exclude]
    result = _invoke(arguments, manifest())
    nodes = [
        {"name": node.node.name, "status": str(node.status), "seconds": node.execution_time, "message": node.message}
        for node in (result.result.results if result.result else [])
        if str(node.node.resource_type) != "operation" or str(node.status) != "success"
    ]
    artifacts.dbt_results(command, nodes)
    failed = [node for node in nodes if node["status"] in ("error", "fail", "runtime error")]
    if failed or not result.success:
        raise AsofError(failure(command, failed, result.exception))
    return nodes


def operation(macro: str) -> None:
    """Run a macro that changes the warehouse; AsofError when it cannot."""
    warehouse.connection()
    result = _invoke(["run-operation", macro], manifest())
    if not result.success:
        raise AsofError(f"dbt cannot run {macro}: {result.exception or result.result}")


def compiled(*models: str) -> dict[str, str]:
    """The SQL that dbt makes of some models, by name; AsofError when it cannot."""
    warehouse.connection()
    result = _invoke(["compile", "--select", *models], manifest())
    if not result.success:
        raise AsofError(f"dbt cannot compile {', '.join(models)}: {result.exception}")
    return {one.node.name: one.node.compiled_code for one in result.result.results if one.node.name in models}


def compiled_models(models: Sequence[str]) -> dict[str, str]:
    """The SQL that dbt makes of models when they are built from nothing, by name; AsofError when it cannot."""
    if not models:
        return {}
    warehouse.connection()
    result = _invoke(["compile", "--full-refresh", "--select", *models], manifest())
    if not result.success:
        raise AsofError(f"dbt cannot compile {', '.join(models)}: {result.exception}")
    return {one.node.name: one.node.compiled_code for one in result.result.results}


@lru_cache(maxsize=1)
def project_vars() -> dict:
    """`vars` of dbt_project.yml."""
    return yaml.safe_load((PROJECT / "dbt_project.yml").read_text()).get("vars") or {}


def _declared(node: dict) -> dict:
    """What YAML says of a model, seed or source that SQL may ask for, such as the policy of a problem in `meta`."""
    columns = {
        name: {one: column.get(one) for one in ("data_type", "meta", "config", "constraints")}
        for name, column in node["columns"].items()
    }
    return {"config": {name: value for name, value in node["config"].items() if name != "docs"}, "columns": columns}


@lru_cache(maxsize=1)
def checksum() -> str:
    """A digest of every model, seed and macro of the project, of what is declared of them and of sources, and of the variables.

    What only people read is left out: a description that is mended builds nothing anew.
    """
    nodes, sources, macros = (manifest_dict()[kind] for kind in ("nodes", "sources", "macros"))
    parts = [f"{key} {node['checksum']['checksum']}" for key, node in nodes.items() if "checksum" in node]
    built = {key: node for key, node in nodes.items() if node["resource_type"] in ("model", "seed")}
    parts += [f"{key} {json.dumps(_declared(node), sort_keys=True)}" for key, node in {**built, **sources}.items()]
    parts += [f"{key} {macro['macro_sql']}" for key, macro in macros.items() if macro["package_name"] == "asof"]
    return hashlib.sha256("\n".join(sorted([*parts, str(project_vars())])).encode()).hexdigest()
