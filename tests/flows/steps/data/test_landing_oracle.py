"""Generated files of any format come to what a plain reader makes of them: `python -m tests.flows.steps.data.oracle` for more."""

import pytest

from flows.steps.data.landing import values
from flows.steps.data.landing.stage import reading
from tests.flows.steps.data.oracle.compare import FILES, Counts, compare, compare_odd
from tests.flows.steps.data.oracle.sources import FORMS, of_one_column

pytestmark = pytest.mark.slow


def test_values_quarantined_lines_and_counts_are_those_of_the_plain_reader(con, tmp_path):
    counts = compare(con, tmp_path, range(24), Counts())
    assert counts.mismatches == []
    assert set(counts.files) == set(FILES)
    assert all(counts.rows[ending] > 50 and counts.quarantined[ending] > 50 for ending in FILES)


def test_every_odd_text_of_every_type_in_every_written_form_is_what_the_plain_reader_says(con, tmp_path):
    counts = Counts()
    for kind, forms in FORMS.items():
        for form in forms:
            compare_odd(con, tmp_path, of_one_column(kind, form), counts)
    assert counts.mismatches == []
    assert not counts.refused["csv"]
    assert counts.quarantined["csv"] > 500 and counts.rows["csv"] > 200


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("COARSE", lambda text: text.replace("[T ]", "[T ]+")),
        ("COARSE", lambda text: text.replace("2[0-3]", "2[0-4]")),
        ("OFFSET", lambda text: text.replace("[0-4]", "[0-9]")),
        ("FINER", lambda text: "[.][0-9]{9}[1-9]"),
    ],
)
def test_a_reader_that_is_a_little_lenient_is_found_out(con, tmp_path, monkeypatch, name, change):
    monkeypatch.setattr(values, name, change(getattr(values, name)))
    reading.cache_clear()
    found = compare_odd(con, tmp_path, of_one_column("timestamp", {}), Counts()).mismatches
    reading.cache_clear()
    assert found
