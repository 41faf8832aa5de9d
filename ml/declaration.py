"""From a dbt manifest entry to the fields of a `Problem`: every key is known, every value is checked."""

import math
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from ml.errors import AsofError
from ml.problem import Budget, Column, Costs, Decision, Explain, Training

IDENTIFIER = re.compile(r"^[a-z_][a-z0-9_]*$")
ROLES = ("entity", "as_of", "label", "label_known_at", "rule", "weight", "slice", "feature")
REQUIRED_ROLES = ("entity", "as_of", "label", "label_known_at", "rule")
METRICS = ("roc_auc", "pr_auc", "log_loss")
# What may be declared under `training.params`. Seed, threads, objective and determinism belong to the project.
PARAMS = (
    "learning_rate", "num_leaves", "max_depth", "min_data_in_leaf", "min_sum_hessian_in_leaf", "feature_fraction",
    "feature_fraction_bynode", "bagging_fraction", "bagging_freq", "lambda_l1", "lambda_l2", "min_gain_to_split",
    "max_bin", "min_data_in_bin", "cat_smooth", "cat_l2", "max_cat_to_onehot", "max_cat_threshold",
    "min_data_per_group", "path_smooth", "extra_trees", "boosting", "linear_tree", "max_delta_step",
)  # fmt: skip
PREFIXES = {
    "number": ("tinyint", "smallint", "int", "bigint", "hugeint", "uint", "ubigint", "utinyint", "usmallint",
               "float", "real", "double", "decimal", "numeric"),
    "boolean": ("bool",),
    "category": ("varchar", "text", "string", "char"),
    "time": ("timestamp", "datetime"),
}  # fmt: skip
ROLE_KINDS = {
    "as_of": ("time",), "label_known_at": ("time",), "label": ("boolean", "number"), "rule": ("number",),
    "weight": ("number",), "entity": ("category", "number"), "slice": ("category", "boolean", "number"),
    "feature": ("number", "boolean", "category"),
}  # fmt: skip


def read(manifest: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The fields of `Problem` for the problem `name`. AsofError names the file and the key."""
    if not IDENTIFIER.match(name):
        raise AsofError(
            f"problem {name!r} is not a name: use lower-case letters, digits and _, not starting with a digit"
        )
    models = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node.get("resource_type", "model") == "model"
    }
    wanted = f"{name}__training_set"
    if wanted not in models:
        problems = [
            model.removesuffix("__training_set") for model in models if model.endswith("__training_set")
        ]
        raise AsofError(
            f"there is no dbt model {wanted}{_meant(name, problems)}; declare it in models/problems/{name}/"
        )
    node = models[wanted]
    path = (node.get("patch_path") or node.get("original_file_path") or wanted).split("://")[-1]
    declared = {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}.get("problem")
    if not isinstance(declared, Mapping):
        raise AsofError(
            f"{path}: {wanted} has no config.meta.problem; declare title, owner, task, metric and the rest there"
        )
    columns = tuple(_column(entry, path) for entry in node["columns"].values())
    _check_roles(columns, path)
    return {
        "name": name,
        "path": path,
        "columns": columns,
        **_values(Keys(declared, path, "problem"), columns),
    }


def _values(keys: "Keys", columns: tuple[Column, ...]) -> dict[str, Any]:
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
        "costs": Costs(costs.number("false_positive", low=0, strict=True), costs.number("false_negative", low=0, strict=True)),
        "decision": _decision(decision),
        # The policies of later phases read their own keys from here; only the cadence is common to all.
        "retraining": {"cadence": "weekly", **dict(keys.raw("retraining", {}))},
        "holdout_days": keys.whole("holdout_days", low=1),
        "validation_days": keys.whole("validation_days", low=1),
        "budget": Budget(budget.number("train_seconds", None, low=0), budget.number("train_memory_mb", None, low=0)),
        "training": Training(
            seed=training.whole("seed", 20130101, low=0),
            rounds=training.whole("rounds", 1000, low=1),
            early_stopping_rounds=training.whole("early_stopping_rounds", 50, low=1),
            window_days=training.whole("window_days", None, low=1),
            params={key: params.raw(key) for key in params.known(PARAMS)},
        ),
        "explain": Explain(explain.whole("reasons", 3, low=0), explain.choice("for", ("flagged", "all", "none"), "flagged")),
    }  # fmt: skip
    for part in (keys, costs, decision, training, params, budget, explain):
        part.finish()
    return values


def _decision(keys: "Keys") -> Decision:
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
            f"{path}: column {name}: role {role!r} is unknown{_meant(str(role), ROLES)}; roles are {', '.join(ROLES)}"
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
            f"{path}: column {name} is {data_type}, but a {role} must be a {allowed}; cast it in SQL or give it another meta.role"
        )
    return Column(name, data_type, role, (entry.get("description") or "").strip(), kind)


def _check_roles(columns: tuple[Column, ...], path: str) -> None:
    for role in ROLES[:-2]:
        names = [column.name for column in columns if column.role == role]
        if role in REQUIRED_ROLES and not names:
            raise AsofError(f"{path}: no column has meta.role {role}; mark exactly one")
        if len(names) > 1:
            raise AsofError(f"{path}: columns {', '.join(names)} all have meta.role {role}; mark exactly one")
    if not any(column.role == "feature" for column in columns):
        raise AsofError(f"{path}: no feature is left; a feature is a column without meta.role")


def _meant(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


_REQUIRED = object()


class Keys:
    """A mapping that is read key by key; what was never asked for is an error, with the nearest known key."""

    def __init__(self, declared: Any, path: str, place: str) -> None:
        self.declared, self.path, self.place, self.asked = declared, path, place, set()
        if not isinstance(declared, Mapping):
            raise AsofError(f"{path}: {place} must hold keys and values, not {declared!r}")

    def error(self, key: str, what: str) -> AsofError:
        return AsofError(f"{self.path}: {self.place}.{key} {what}")

    def raw(self, key: str, default: Any = _REQUIRED) -> Any:
        self.asked.add(key)
        if key in self.declared:
            return self.declared[key]
        if default is _REQUIRED:
            raise self.error(key, f"is missing{_meant(key, set(self.declared) - self.asked)}; declare it")
        return default

    def inner(self, key: str, default: Any = _REQUIRED) -> "Keys":
        return Keys(self.raw(key, default), self.path, f"{self.place}.{key}")

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        value = self.raw(key, default)
        if not isinstance(value, str) or (default is _REQUIRED and not value.strip()):
            raise self.error(key, f"must be text, not {value!r}")
        return value.strip()

    def choice(self, key: str, allowed: Iterable[str], default: Any = _REQUIRED) -> str:
        value, allowed = self.raw(key, default), list(allowed)
        if value not in allowed:
            raise self.error(
                key, f"is {value!r}{_meant(str(value), allowed)}; it must be one of {', '.join(allowed)}"
            )
        return value

    def choices(self, key: str, allowed: Iterable[str]) -> tuple[str, ...]:
        values, allowed = self.raw(key, []), list(allowed)
        if not isinstance(values, list | tuple):
            raise self.error(key, f"must be a list, not {values!r}")
        for value in values:
            if value not in allowed:
                raise self.error(
                    key, f"names {value!r}, which is no column to slice by{_meant(str(value), allowed)}"
                )
        return tuple(values)

    def number(self, key: str, default: Any = _REQUIRED, *, low: float = -math.inf, high: float = math.inf,
               strict: bool = False) -> Any:  # fmt: skip
        value = self.raw(key, default)
        if value is None and default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(key, f"must be a number, not {value!r}")
        if not low <= value <= high or (strict and value in (low, high)):
            raise self.error(
                key, f"is {value}, but must lie {'strictly ' if strict else ''}between {low} and {high}"
            )
        return float(value)

    def whole(self, key: str, default: Any = _REQUIRED, *, low: int) -> Any:
        value = self.number(key, default, low=low)
        if value is not None and value != int(value):
            raise self.error(key, f"must be a whole number, not {value}")
        return None if value is None else int(value)

    def known(self, allowed: Iterable[str]) -> list[str]:
        """The declared keys, all of which must be `allowed`."""
        self.asked.update(allowed)
        self.finish()
        return sorted(self.declared)

    def finish(self) -> None:
        """Refuse every declared key that nothing asked for."""
        for key in self.declared:
            if key not in self.asked:
                raise self.error(
                    str(key), f"is unknown{_meant(str(key), self.asked)}; remove it or correct its spelling"
                )
