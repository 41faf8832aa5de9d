"""From a dbt manifest entry to the fields of a `Problem`: every key is known, every value is checked."""

import re
from collections.abc import Mapping
from typing import Any

from ml.calibrate import FITS
from ml.declared import feedback, framing, retraining, validation
from ml.errors import AsofError
from ml.keys import Keys, did_you_mean
from ml.problem import Budget, Column, Costs, Decision, Explain, Training

IDENTIFIER = re.compile(r"^[a-z_][a-z0-9_]*\Z")
ROLES = ("entity", "as_of", "label", "label_known_at", "rule", "weight", "slice", "candidate", "feature")
REQUIRED_ROLES = ("entity", "as_of", "label", "label_known_at", "rule")
METRICS = ("roc_auc", "pr_auc", "log_loss")
# What may be declared under `training.params`. Seed, threads, objective and determinism belong to the
# project; linear leaves and other kinds of boosting are left out because `ml/explain.py` and early stopping
# cannot follow them.
# fmt: off
PARAMS = (
    "learning_rate", "num_leaves", "max_depth", "min_data_in_leaf", "min_sum_hessian_in_leaf",
    "feature_fraction", "feature_fraction_bynode", "bagging_fraction", "bagging_freq", "lambda_l1",
    "lambda_l2", "min_gain_to_split", "max_bin", "min_data_in_bin", "cat_smooth", "cat_l2",
    "max_cat_to_onehot", "max_cat_threshold", "min_data_per_group", "path_smooth", "extra_trees",
    "max_delta_step",
)
PREFIXES = {
    "number": (
        "tinyint", "smallint", "int", "bigint", "hugeint", "uint", "ubigint", "utinyint", "usmallint",
        "float", "real", "double", "decimal", "numeric",
    ),
    "boolean": ("bool",),
    "category": ("varchar", "text", "string", "char",),
    "time": ("timestamp", "datetime",),
}
ROLE_KINDS = {
    "as_of": ("time",), "label_known_at": ("time",), "label": ("boolean", "number"), "rule": ("number",),
    "weight": ("number",), "entity": ("category", "number"), "slice": ("category", "boolean", "number"),
    "candidate": ("number", "boolean", "category"), "feature": ("number", "boolean", "category"),
}
# fmt: on


def read(manifest: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The fields of `Problem` for the problem `name`. AsofError names the file and the key."""
    if not IDENTIFIER.match(name):
        raise AsofError(f"problem {name!r} is not a name: use lower-case letters, digits and _")
    models = {node["name"]: node for node in manifest["nodes"].values() if node.get("resource_type", "model") == "model"}
    wanted = f"{name}__training_set"
    if wanted not in models:
        problems = [model.removesuffix("__training_set") for model in models if model.endswith("__training_set")]
        raise AsofError(f"there is no dbt model {wanted}{did_you_mean(name, problems)}; declare it in models/problems/{name}/")
    node = models[wanted]
    path = (node.get("patch_path") or node.get("original_file_path") or wanted).split("://")[-1]
    declared = {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}.get("problem")
    if not isinstance(declared, Mapping):
        raise AsofError(f"{path}: {wanted} has no config.meta.problem; declare title, owner, task, metric and so on there")
    columns = tuple(_column(entry, path) for entry in node["columns"].values())
    _check_roles(columns, path)
    return {
        "name": name,
        "path": path,
        "columns": columns,
        **_values(Keys(declared, path, "problem"), columns),
    }


def _values(keys: Keys, columns: tuple[Column, ...]) -> dict[str, Any]:
    costs, decision = keys.inner("costs"), keys.inner("decision", {"threshold": "auto"})
    training, budget, explain = (
        keys.inner("training", {}),
        keys.inner("budget", {}),
        keys.inner("explain", {}),
    )
    params = training.inner("params", {})
    names = [column.name for column in columns]
    values = {
        "title": keys.text("title"),
        "goal": keys.text("goal", ""),
        "owner": keys.text("owner"),
        "task": keys.choice("task", ("binary",)),
        "metric": keys.choice("metric", METRICS),
        "margin": keys.number("margin", low=0),
        "alpha": keys.number("alpha", 0.05, low=0, high=0.5, strict=True),
        # A day, because the errors of one day hang together.
        "cluster": keys.choice("cluster", ["day", *names], "day"),
        "slices": keys.choices("slices", [c.name for c in columns if c.kind in ROLE_KINDS["slice"]]),
        "costs": Costs(
            costs.number("false_positive", low=0, strict=True),
            costs.number("false_negative", low=0, strict=True),
        ),
        "decision": _decision(decision),
        "retraining": retraining.read(keys.inner("retraining", {})),
        "holdout_days": keys.whole("holdout_days", low=1),
        "validation_days": keys.whole("validation_days", low=1),
        "budget": Budget(budget.number("train_seconds", None, low=0), budget.number("train_memory_mb", None, low=0)),
        "training": Training(
            seed=training.whole("seed", 20130101, low=0),
            rounds=training.whole("rounds", 1000, low=1),
            early_stopping_rounds=training.whole("early_stopping_rounds", 50, low=1),
            window_days=training.whole("window_days", None, low=1),
            params={key: params.raw(key) for key in params.known(PARAMS)},
            calibration=training.choice("calibration", ("auto", *FITS), "auto"),
            sampling=training.number("sampling", 1.0, low=0.01, high=1),
            members=training.whole("members", 1, low=1),
        ),
        "feedback": feedback.read(keys.inner("feedback", {})),
        "validation": validation.read(keys.inner("validation", {})),
        "scoring_budget": validation.scoring_budget(budget),
        "framing": framing.read(keys.inner("framing", {})),
        "explain": Explain(explain.whole("reasons", 3, low=0), explain.choice("for", ("flagged", "all", "none"), "flagged")),
    }
    for part in (keys, costs, decision, training, params, budget, explain):
        part.finish()
    return values


def _decision(keys: Keys) -> Decision:
    if "capacity_share" in keys.declared:
        if "threshold" in keys.declared:
            raise keys.error("threshold", "and capacity_share exclude each other: keep one")
        return Decision(None, keys.number("capacity_share", low=0, high=1, strict=True))
    if keys.raw("threshold", "auto") == "auto":
        return Decision(None, None)
    return Decision(keys.number("threshold", low=0, high=1), None)


def _column(entry: Mapping[str, Any], path: str) -> Column:
    name, meta = (
        entry["name"],
        {**(entry.get("meta") or {}), **((entry.get("config") or {}).get("meta") or {})},
    )
    if not IDENTIFIER.match(name):
        raise AsofError(f"{path}: column {name!r} is not a name: use lower-case letters, digits and _")
    role = meta.get("role", "feature")
    if role not in ROLES:
        raise AsofError(
            f"{path}: column {name}: role {role!r} is unknown{did_you_mean(str(role), ROLES)}; roles are {', '.join(ROLES)}"
        )
    data_type = str(entry.get("data_type") or "").strip().lower()
    if not data_type:
        raise AsofError(f"{path}: column {name} has no data_type; the contract needs one")
    kind = next(
        (k for k, starts in PREFIXES.items() if data_type.startswith(starts) and "[" not in data_type),
        "other",
    )
    if data_type.startswith("interval"):
        kind = "other"
    if kind not in ROLE_KINDS[role]:
        allowed = " or ".join(ROLE_KINDS[role])
        raise AsofError(
            f"{path}: column {name} is {data_type}, but its role {role} needs a {allowed}; "
            "cast it in SQL, or give it another meta.role"
        )
    return Column(name, data_type, role, (entry.get("description") or "").strip(), kind)


def _check_roles(columns: tuple[Column, ...], path: str) -> None:
    for role in ROLES[:-3]:
        names = [column.name for column in columns if column.role == role]
        if role in REQUIRED_ROLES and not names:
            raise AsofError(f"{path}: no column has meta.role {role}; mark exactly one")
        if len(names) > 1:
            raise AsofError(f"{path}: columns {', '.join(names)} all have meta.role {role}; mark exactly one")
    if not any(column.role == "feature" for column in columns):
        raise AsofError(f"{path}: no feature is left; a feature is a column without meta.role")
