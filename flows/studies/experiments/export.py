"""The optional export to MLflow: one run per experiment, where MLFLOW_TRACKING_URI says where to."""

from __future__ import annotations

import json
import os
from typing import Any

from ml.errors import AsofError

VARIABLE = "MLFLOW_TRACKING_URI"


def check() -> None:
    """AsofError when an export is wanted and the package is missing: better before the work than after it."""
    if os.environ.get(VARIABLE):
        _mlflow()


def export(row: dict[str, Any]) -> str | None:
    """Send a row of `ledger.experiments` to MLflow; returns the id of the run, None where no export is wanted."""
    if not os.environ.get(VARIABLE):
        return None
    mlflow = _mlflow()
    mlflow.set_experiment(f"asof/{row['problem']}")
    recipe = json.loads(row["recipe"])
    with mlflow.start_run(run_name=row["name"], description=row["hypothesis"]) as run:
        mlflow.set_tags(
            {
                "asof.experiment_id": row["experiment_id"],
                "asof.dimension": row["dimension"],
                "asof.change": row["change"],
                "asof.status": row["status"],
                "asof.decision": row["decision"],
                "asof.reason": row["reason"],
                "asof.git_commit": row["git_commit"],
                "asof.dirty": str(row["dirty"]),
                "asof.data_fingerprint": row["data_fingerprint"],
                "asof.recipe_hash": row["recipe_hash"],
            }
        )
        plain = {key: value for key, value in recipe.items() if key not in ("features", "params")}
        mlflow.log_params({**plain, **recipe["params"], "features": len(recipe["features"])})
        figures = {key: row[key] for key in ("estimate", "low", "high", "noise", "seconds", "peak_memory_mb")}
        figures |= json.loads(row["metrics"] or "{}")
        mlflow.log_metrics({key: float(value) for key, value in figures.items() if value is not None})
        for step, fold in enumerate(json.loads(row["by_fold"] or "{}").values(), 1):
            mlflow.log_metrics({f"fold_{key}": float(value) for key, value in fold["candidate"].items()}, step=step)
    return run.info.run_id


def _mlflow() -> Any:
    try:
        import mlflow
    except ImportError as error:
        raise AsofError(f"{VARIABLE} is set, but mlflow is not installed: pip install '.[mlflow]', or unset it") from error
    return mlflow
