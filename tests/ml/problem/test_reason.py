"""What a column says of itself as a reason is read, or refused by file, column and key; what Python writes is exact."""

import json
import math
import re

import pytest

from ml.errors import AsofError
from ml.models.explain import reason
from ml.problem import declaration
from ml.problem.declared.reason import UNITS, Reason


def _declare(manifest, column, said):
    entry = manifest["nodes"]["model.asof.late__training_set"]["columns"][column]
    entry["config"]["meta"] = entry["meta"] = {**entry["config"]["meta"], "reason": said}
    return declaration.read(manifest, "late")


def test_texts_and_units_are_read_and_change_no_model(manifest):
    before = declaration.read(manifest, "late")
    said = {"text": "{value} late", "unit": "minutes", "negative": "{value} early", "missing": "not known"}
    after = _declare(manifest, "recent_delay", said)
    assert after.features[0].reason == Reason("{value} late", "minutes", "{value} early", "not known")
    assert after.features[1].reason is None
    assert (after.spec_hash, after.feature_hash) == (before.spec_hash, before.feature_hash)


@pytest.mark.parametrize("unit", UNITS)
def test_each_unit_is_allowed_where_the_column_can_have_it(manifest, unit):
    for kind, column in {"number": "wind", "boolean": "is_holiday", "category": "carrier"}.items():
        if kind in UNITS[unit]:
            problem = _declare(manifest, column, {"unit": unit})
            assert next(one for one in problem.features if one.name == column).reason == Reason(unit=unit)


@pytest.mark.parametrize(
    ("column", "said", "refusal"),
    [
        ("wind", {"txt": "{value}"}, "txt is unknown (did you mean text?)"),
        ("wind", {"unit": "minute"}, "unit is 'minute' (did you mean minutes?)"),
        ("wind", {"unit": 3}, "unit is 3"),
        ("carrier", {"unit": "share"}, "unit is 'share'; it must be one of date, category"),
        ("is_holiday", {"unit": "days"}, "unit is 'days'; it must be one of category, boolean"),
        ("wind", {"text": "a wind"}, "text does not say the value; put {value}"),
        ("wind", {"unit": "boolean", "text": "strong"}, "text does not say the value; put {value}"),
        ("wind", {"text": "{value} of {other}"}, "text holds '{' outside of {value}"),
        ("wind", {"text": "{value} }"}, "text holds '}' outside of {value}"),
        ("wind", {"text": "{value}\nmiles"}, "text must be a text on one line"),
        ("wind", {"text": 3}, "text must be text, not 3"),
        ("wind", {"negative": ""}, "negative must be text, not ''"),
        ("wind", {"missing": "no {value}"}, "missing holds {value}, but there is none"),
        ("wind", {"currency": "USD"}, "currency belongs to the unit money"),
        ("rule_score", {"text": "{value}"}, "text is of no use: a column with the role rule is never a reason; remove reason"),
        ("as_of", {"unit": "date"}, "text is of no use: a column with the role as_of"),
    ],
)
def test_what_cannot_be_said_is_refused_by_file_column_and_key(manifest, column, said, refusal):
    with pytest.raises(AsofError, match="^" + re.escape(f"models/problems/late/_late.yml: column {column}.reason.{refusal}")):
        _declare(manifest, column, said)


def test_a_reason_that_holds_no_keys_is_refused(manifest):
    with pytest.raises(AsofError, match=r"column wind\.reason must hold keys and values, not 'windy'"):
        _declare(manifest, "wind", "windy")


def test_a_truth_may_be_said_without_a_value_where_its_contrary_is_said_too(manifest):
    said = {"text": "a holiday", "negative": "no holiday"}
    assert _declare(manifest, "is_holiday", said).features[3].reason == Reason("a holiday", negative="no holiday")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.494382, "0.4944"), (15765, "15765"), (-1234567.0, "-1234567"), (9999.7, "10000"), (2**60, "1.153e+18"), (0, "0"),
        (True, "true"), (None, "missing"), (math.nan, "missing"), (math.inf, "inf"), ("UA", "UA"), ("New York", "New York"),
        ("missing", '"missing"'), ("", '""'), (" a", '" a"'), ("a; b=c (+9)", '"a; b=c (+9)"'), ("line\nend", '"line\\nend"'),
    ],
)  # fmt: skip
def test_a_value_is_written_so_that_it_can_be_read_back(value, text):
    written = reason("f", value, -0.256)
    assert written == f"f={text} (-0.26)"
    if text.startswith('"'):
        assert json.loads(written.removeprefix("f=").removesuffix(" (-0.26)")) == value
