"""How a metric, an interval and a state of health are said on any page."""

from __future__ import annotations

from ml.problem.declared.spec import QUANTILES
from ml.statistics.interval import Interval

METRICS = {
    "roc_auc": "ROC AUC", "pr_auc": "PR AUC", "log_loss": "log loss", "brier": "Brier score", "ece": "calibration error",
    "mae": "mean absolute error", "rmse": "root mean square error", "r2": "R²", "macro_roc_auc": "mean ROC AUC of the classes",
    "accuracy": "accuracy", "coverage_80": "within 80 %", "coverage_95": "within 95 %",
    **{f"pinball_{share}": f"pinball loss at {share} %" for share in QUANTILES},
}  # fmt: skip
# The word, its colour, and what it means in a sentence.
STATES = {
    "HEALTHY": ("Healthy", "good", "The model is healthy."),
    "WATCH": ("Watch", "warn", "The model works, and something asks for a look."),
    "FAILING": ("Failing", "bad", "Something is broken: do not trust the scores until it is mended."),
    "UNWATCHED": ("Unwatched", "calm", "Nobody knows: the monitors have not been looked at."),
    "BLIND": ("Blind", "calm", "Nobody can say yet whether the model is healthy."),
    "NO MODEL": ("No model", "calm", "No model is champion."),
}


def interval(one: Interval) -> str:
    """`0.774 (0.761–0.788)`."""
    return f"{one.estimate:.3f} ({one.low:.3f}–{one.high:.3f})"


def signed(one: Interval) -> str:
    """`+0.0862 (+0.0741 to +0.0983)`."""
    return f"{one.estimate:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
