"""What errors share is what plain Python finds on the same rows; a card says what the ledger says, in both its forms."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import t

from flows.pages.card import cards
from flows.pages.html.page import harmless
from flows.pages.html.words import gate, reason
from flows.runtime import warehouse
from flows.store import clock, problems, registry
from ml.problem import words
from tests.children import House
from tests.flights.conftest import PROBLEM

VERSION = "made-up"


@pytest.fixture
def errors(inside: House) -> list[dict]:
    """Rows of the cells of a made-up version, whose rule stands for a score on 30 days; it errs more on long flights."""
    with warehouse.transaction() as con:
        con.execute(
            f"insert into problems.{PROBLEM}__predictions by name "
            f"select flight_id, as_of, '{VERSION}' as model_version, greatest(0.02, least(0.98, if(plan_distance > 1400, "
            f"0.8 - rule_score, rule_score))) as score, rule_score, score >= 0.3 as flagged "
            f"from problems.{PROBLEM}__features where as_of < timestamp '2013-01-31' and hash(flight_id) % 8 = 0"
        )
    return warehouse.rows("select * from monitoring.mon_error_cells where model_version = ?", [VERSION])


# As in macros/statistics/compared_with_the_rest.sql and mon_error_slices.sql.
MIN_ROWS, MIN_DAYS, PAIRED, ALPHA = 200, 10, 6, 0.05


def compared(rows: list[tuple], everything: list[tuple]) -> dict[str, float] | None:
    """The slice `rows` against the rest of `everything`, both (day, value), by the definition: dense over days."""
    days = sorted({day for day, _ in everything})
    inside, total = defaultdict(lambda: np.zeros(2)), defaultdict(lambda: np.zeros(2))
    for where, some in ((inside, rows), (total, everything)):
        for day, value in some:
            where[day] += (1, value)
    n, x = np.array([inside[day] for day in days]).T
    rest_n, rest_x = np.array([total[day] - inside[day] for day in days]).T
    rate, rest = x.sum() / n.sum(), rest_x.sum() / rest_n.sum()
    moved = (x - rate * n) / n.sum() - (rest_x - rest * rest_n) / rest_n.sum()
    return {"mean": rate, "difference": rate - rest, "se": float(np.sqrt(len(days) / (len(days) - 1) * (moved @ moved)))}


def test_what_errors_share_is_what_counting_row_by_row_finds(errors: list[dict]) -> None:
    found = warehouse.rows("select * from monitoring.mon_error_slices where model_version = ?", [VERSION])
    cells: dict[tuple, dict[str, str]] = defaultdict(dict)
    for one in errors:
        wrong = float(one["flagged"] != one["label"])
        loss = -np.log(one["score"] if one["label"] else 1 - one["score"])
        cells[one["entity_id"], one["as_of"].date(), wrong, loss][one["feature"]] = one["cell"]
    members, paired = defaultdict(list), {one["feature_1"] for one in found if one["feature_2"]}
    paired |= {one["feature_2"] for one in found if one["feature_2"]}
    for (_, day, wrong, loss), row in cells.items():
        for feature, cell in row.items():
            members[feature, cell, None, None].append((day, wrong, loss))
        for a, b in combinations(sorted(paired), 2):
            members[a, row[a], b, row[b]].append((day, wrong, loss))
    everything = [(day, wrong, loss) for _, day, wrong, loss in cells]
    large = {
        key: rows
        for key, rows in members.items()
        if min(len(rows), len(everything) - len(rows)) >= MIN_ROWS and len({day for day, _, _ in rows}) >= MIN_DAYS
    }
    keys = {(one["feature_1"], one["cell_1"], one["feature_2"], one["cell_2"]): one for one in found}
    assert set(keys) == set(large) and len(large) > 100
    reach = t.ppf(1 - ALPHA / (2 * len(large)), len({day for day, _, _ in everything}) - 1)
    for key in sorted(large, key=str)[::9]:
        one, rows = keys[key], large[key]
        for at, mean, difference, se, low in (
            (1, "error_rate", "difference", "se", "low"), (2, "log_loss", "loss_difference", "loss_se", "loss_low"),
        ):  # fmt: skip
            there = compared([(row[0], row[at]) for row in rows], [(row[0], row[at]) for row in everything])
            assert (one[mean], one[difference], one[se]) == pytest.approx(
                (there["mean"], there["difference"], there["se"]), rel=1e-6
            )
            assert one[low] == pytest.approx(there["difference"] - reach * there["se"], abs=0.01 * reach * there["se"])
    assert len(paired) >= PAIRED
    assert any("plan_distance" in key[::2] for key, one in keys.items() if one["low"] > 0), "what was made to err is found"


def test_numbers_fall_into_quarters_and_everything_else_is_its_own_cell(errors: list[dict]) -> None:
    keys = {(one["entity_id"], one["as_of"]): one["cell"] for one in errors if one["feature"] == "plan_distance"}
    there = warehouse.rows(f"select flight_id, as_of, plan_distance, plan_carrier from problems.{PROBLEM}__features")
    value = {(one["flight_id"], one["as_of"]): one for one in there}
    scored = warehouse.rows("select entity_id, as_of from monitoring.mon_error_cells where feature = 'plan_distance'")
    distances = [value[one["entity_id"], one["as_of"]]["plan_distance"] for one in scored]
    edges = np.quantile(distances, [0.25, 0.5, 0.75], method="inverted_cdf")
    names = ["≤", "≤", "≤", ">"]
    for key, cell in list(keys.items())[:500]:
        number = value[key]["plan_distance"]
        place = int(np.searchsorted(edges, number))
        assert names[place] in cell
        assert f"{edges[min(place, 2)]:.7g}" in cell, (number, edges, cell)
    carriers = {(one["entity_id"], one["as_of"]): one["cell"] for one in errors if one["feature"] == "plan_carrier"}
    assert all(value[key]["plan_carrier"] == cell for key, cell in carriers.items())


def test_a_card_says_what_the_ledger_says_in_markdown_and_html(inside: House) -> None:
    version = registry.champion(PROBLEM)
    with warehouse.transaction() as con:
        reasons = 'plan_carrier="[X](y) <b>" (+0.3); past_all_7d=0.4944 (+0.25)'
        con.execute(f"update problems.{PROBLEM}__predictions set reasons = ?", [reasons])
    files = cards.write(PROBLEM)
    assert {file.suffix for file in files} == {".md", ".html", ".svg"}
    assert files[0].parent == inside.published.parent / "models"
    text, html = (next(file for file in files if file.suffix == ending).read_text() for ending in (".md", ".html"))
    row = registry.row(PROBLEM, version)
    for said in (version, row["sha256"], row["data_fingerprint"], f"{row['rows_trained']:,}", row["code_version"]):
        assert said in text and said in html
    gates = warehouse.rows(
        "select gates.gate, gates.reason from ledger.verdict_gates as gates "
        "inner join ledger.verdicts using (verdict_id) where challenger = ?",
        [version],
    )
    says = partial(words.of, problems.get(PROBLEM))
    for one in gates:
        found = harmless(reason(one, gates, says)).replace("|", "\\|")
        raw = one["gate"].removeprefix("slice ").partition("=")[0]
        assert f"| {harmless(gate(one['gate'], says))} (`{raw}`) |" in text and f"| {found} |" in text
    assert "| better than the rule (`beats_rule`) |" in text and "| group: departs from JFK (`plan_origin`) |" in text
    # every score explained, by a category that somebody has put markup into
    assert "raises: carrier \\[X\\]\\(y\\) \\<b\\>; 49 % of all flights disrupted in the last 7 days" in text
    assert "<td>raises: carrier [X](y) &lt;b&gt;; 49 % of all flights disrupted in the last 7 days</td>" in html
    assert html.count("<figure><svg") == len(re.findall(r"!\[", text)) == 4
    assert not re.search(r'(src|href)="(?!#)', html.replace('xlink:href="#', 'href="#')), "nothing is loaded from anywhere"


def test_a_card_measures_the_twin_on_rows_it_has_not_seen_and_the_model_on_what_it_scored(inside: House) -> None:
    scorers = warehouse.rows(
        "select model_version, count(*) as n from monitoring.mon_scored where label is not null group by all"
    )
    problem, version = problems.get(PROBLEM), scorers[0]["model_version"]
    found = cards.gather(problem, version)
    row = registry.row(PROBLEM, version)
    assert found.found["holdout"].rows == row["rows_holdout"] == found.found["rule"].rows
    judged = warehouse.rows("select rows_judged from ledger.verdicts where challenger = ?", [version])
    assert judged[0]["rows_judged"] == found.found["holdout"].rows
    assert found.found["live"].rows == scorers[0]["n"] > 0
    assert found.now == clock.now()
