"""Where SQL repeats a decision that Python took, both give the same answer."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa

from ml import profile

MON_PROFILES = Path(__file__).parents[2] / "models" / "monitoring" / "mon_profiles.sql"
LABELS = pa.table({"label": [0.0, 1.0]})


def test_the_monitor_counts_labels_in_the_cells_that_training_gave_them() -> None:
    """mon_profiles writes cells of the label as `n + cast(label as integer)`; the profile of training has to have the same."""
    offset = int(re.search(r"(\d+) \+ cast\(label as integer\) as cell", MON_PROFILES.read_text()).group(1))
    without_features = SimpleNamespace(features=(), categories=())
    cells = profile.counts(profile.edges(LABELS, without_features), LABELS)
    assert [cell for _, cell, _ in cells] == [offset, offset + 1]
