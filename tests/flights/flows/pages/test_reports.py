"""The report of a problem, opened in a real browser: it says what the tables say, and asks nobody for anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

import pytest

from flows.pages.report import page, reports, summary
from flows.runtime import journal, warehouse
from flows.store import clock, problems, registry
from ml.problem import words
from ml.problem.declared.retraining import CADENCES, Retraining
from tests import browser
from tests.browser import Browser
from tests.children import House
from tests.flights.conftest import PROBLEM, Lived

chromium = pytest.mark.skipif(browser.path() is None, reason=f"none of {', '.join(browser.NAMES)} is installed")
HEADINGS = ["Which flights will be disrupted?", *(title for _, title, _ in page.SECTIONS)]


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    one = Browser(tmp_path_factory.mktemp("chromium"))
    yield one
    one.close()


def written() -> str:
    """The page as it would be written now, without its errors section, which takes longest."""
    now = clock.now()
    return page.html(reports.gather(problems.get(PROBLEM), now, errors=False))


def test_the_next_training_is_told_for_every_cadence(inside: House) -> None:
    report = reports.gather(problems.get(PROBLEM), clock.now(), errors=False)

    def told(retraining: Retraining, now: datetime, versions: list | None = None) -> str:
        problem = replace(report.problem, retraining=retraining)
        return summary.head(replace(report, problem=problem, now=now, versions=report.versions if versions is None else versions))

    trained = report.trained_as_of
    turns = {
        "yearly": "1 Jan 2014", "quarterly": "1 Apr 2013", "monthly": "1 Apr 2013", "fortnightly": "18 Mar 2013",
        "weekly": "11 Mar 2013", "daily": "5 Mar 2013",
    }  # fmt: skip
    assert str(trained)[:10] == "2013-03-04" and set(turns) == set(CADENCES) - {"never"}
    for cadence, turn in turns.items():
        assert f"<dd>{turn}<small>declared {cadence}; last as of 4 Mar 2013" in told(Retraining(cadence), trained), cadence
        assert "<dd>due<small>" in told(Retraining(cadence), trained + timedelta(days=399)), "its turn has come"
    assert "<dd>never<small>declared never or new labels" in told(Retraining("never", ("new_labels",), new_labels=500), trained)
    assert "<dd>due<small>the first; then weekly" in told(Retraining(), trained, [])


def change(*statements: str) -> None:
    with warehouse.transaction() as con:
        for statement in statements:
            con.execute(statement)


@chromium
def test_a_report_opens_without_errors_requests_or_lost_text_and_prints(inside: House, window: Browser) -> None:
    orphan = reports.file(PROBLEM).with_name(f".{PROBLEM}.html.999999999.new")
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_text("half of a page, whose process was killed")
    file = reports.write(PROBLEM, clock.now())
    assert file == inside.published.parent / "reports" / f"{PROBLEM}.html"
    assert [one.name for one in file.parent.iterdir()] == [file.name], "nothing half-written lies beside it"
    look = window.look(file)
    assert look.headings == HEADINGS
    assert look.problems == []
    assert look.pdf.startswith(b"%PDF-") and b"/Type /Page" in look.pdf
    assert registry.champion(PROBLEM) in look.text
    quality = warehouse.rows("select * from monitoring.mon_quality where grain = 'recent' and scorer = 'champion'")[0]
    assert f"{quality['roc_auc']:.3f}" in look.text and f"{quality['rows_labelled']:,} rows" in look.text
    dark = window.look(file, dark=True)
    assert dark.problems == [] and dark.text == look.text


@chromium
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("<img src='http://127.0.0.1:9/pixel.png'>", "127.0.0.1:9"),
        ("<script>console.error('a script')</script>", "script"),
        (f"<p style='white-space: nowrap'>{'long ' * 80}</p>", "at 400 px: long"),
    ],
    ids=["a picture from elsewhere", "a script", "a line that leaves the page"],
)
def test_the_same_look_finds_what_is_wrong(tmp_path: Path, window: Browser, broken: str, said: str) -> None:
    file = tmp_path / "broken.html"
    file.write_text(page.page.shell("broken", f"<main><h1>Broken</h1>{broken}</main>"))
    assert any(said in problem for problem in window.look(file).problems)


@chromium
def test_a_model_that_has_not_lived_yet_is_blind_and_says_so(lived: Lived, inside: House, window: Browser) -> None:
    warehouse.close()
    lived.started.copy(inside.folder)
    journal.beside(inside.warehouse).unlink()  # no commit is lost: this house is made younger on purpose
    look = window.look(reports.write(PROBLEM, clock.now()))
    assert look.problems == [] and look.headings == HEADINGS
    for said in (
        "Nobody can say yet",
        "nothing has been scored",
        "No label of a prediction is known yet",
        "Nothing has been scored yet",
    ):
        assert said in look.text
    # and before it was promoted there was no model at all
    change(
        "delete from ledger.promotions",
        "delete from ledger.verdicts",
        "delete from ledger.alert_events",
        "delete from ledger.runs",
    )
    look = window.look(reports.write(PROBLEM, clock.now()))
    assert look.problems == [] and look.headings == HEADINGS
    for said in ("No model is champion", "No challenger has been judged", "No alert has ever been opened"):
        assert said in look.text


# What is done to a table, the section that must change by it, and what it says then and did not say before.
MUTANTS = {
    "quality of four weeks": (
        "update monitoring.mon_quality set roc_auc = 0.123456 where grain = 'recent' and scorer = 'champion'",
        "head", "0.123 (",
    ),
    "quality of a week": (
        "update monitoring.mon_quality set rows_labelled = 77777 where grain = 'week'", "quality", "77,777",
    ),
    "drift": ("update monitoring.mon_drift set psi = 4.321 where feature = '{top}'", "drift", "“{words}” (4.32)"),
    "cells": (
        "update monitoring.mon_cells set rows_trained = 9 * rows_trained where feature = '{top}' and cell > 3", "features", "",
    ),
    "profiles": ("delete from ledger.profiles where stage = 'serving' and feature = 'score' and cell > 30", "scores", ""),
    "proxies": ("update monitoring.mon_proxies set share_flagged = 0.98765", "proxies", "98.8 on"),
    "verdict": ("update ledger.verdicts set decision = 'KEEP'", "verdicts", ">KEEP<"),
    "gate": ("update ledger.verdict_gates set passed = false, reason = 'I say so'", "verdicts", "I say so"),
    "reasons, whatever stands in a category": (
        "update problems.flight_disruption__predictions set reasons = 'plan_carrier=<b>X (+0.3); past_all_7d=0.4944 (+0.25)'",
        "reasons", "raises: carrier &lt;b&gt;X; 49 % of all flights disrupted in the last 7 days",
    ),
    "run": ("update ledger.runs set message = 'disk full', status = 'failed' where phase = 'monitors'", "runs", "disk full"),
    "quota": ("update seeds.quotas set limit_value = 1234567 where quota = 'warehouse_disk'", "quotas", "1,234,567 bytes"),
    "source": (
        "update ledger.batches set rows_received = case when batch_id = (select max_by(batch_id, known_through) from "
        "ledger.batches where source = 'flights.arrivals') then 12345678 else 0 end", "sources", "12,345,678",
    ),
    "alert": (
        "insert into ledger.alert_events by name select 900 as number, 'made/up' as alert_id, 'abc123' as short_id, "
        "'opened' as event, now as as_of, now as written_at, 'flight_disruption' as problem, 'quality_below_rule' as kind, "
        "'champion' as subject, 'critical' as severity, now::date as first_seen, now::date as last_seen, 1 as points, "
        "-0.1 as value, 0 as limit_value, 'a made-up cause' as cause from landing.clock",
        "alerts", "a made-up cause",
    ),
}  # fmt: skip


def test_whatever_is_changed_in_a_table_changes_its_section(inside: House) -> None:
    top = max(reports.gather(problems.get(PROBLEM), clock.now(), errors=False).importances.items(), key=lambda one: one[1])[0]
    before = sections(written())
    change(*(statement.replace("{top}", top) for statement, _, _ in MUTANTS.values()))
    after = sections(written())
    named = escape(words.of(problems.get(PROBLEM), top).name)
    expected = {what: (anchor, said.replace("{words}", named)) for what, (_, anchor, said) in MUTANTS.items()}
    silent = {
        what
        for what, (anchor, said) in expected.items()
        if after[anchor] == before[anchor] or said not in after[anchor] or (said and said in before[anchor])
    }
    assert silent == set()
    assert "do not trust the scores" in after["head"], "a critical alert is the first thing that is said"
    assert "Looked at" in after["head"] and "Not looked at since" not in after["head"]
    change(
        "update ledger.promotions set model_version = 'someone-else-1'",
        "delete from ledger.alert_events",
        # looks that came by the hour, and came no more
        "insert into ledger.runs by name select * exclude (n) replace (concat(run_id, n) as run_id, "
        "started_at - n * interval 1 hour as started_at) from ledger.runs, generate_series(1, 5) as hours(n) "
        "where phase = 'monitoring' and status = 'succeeded'",
        "update ledger.runs set started_at = started_at - interval 4 hours",
    )
    head = sections(written())["head"]
    assert "someone-else-1 has been champion" in head and "Not looked at since" in head


def sections(text: str) -> dict[str, str]:
    """The sections of a page by their anchors, and its head."""
    found = dict(re.findall(r'<section id="(\w+)"(.*?)</section>', text, flags=re.S))
    return {**found, "head": text[text.index("<header") : text.index("</header>")]}


def test_what_errors_share_is_kept_from_the_page_before_for_as_long_as_the_champion_stays(inside: House) -> None:
    file, now = reports.file(PROBLEM), clock.now()
    reports.write(PROBLEM, now)
    marked = file.read_text().replace("As of", "Kept as of", 1)
    file.write_text(marked)
    reports.write(PROBLEM, now, thorough=False)
    assert ("Kept as of" in file.read_text()) == ("Kept as of" in marked)
    change("update ledger.promotions set model_version = 'another'")
    assert page.kept(file.read_text(), "errors", registry.champion(PROBLEM)) is None
    assert page.kept(marked, "errors", None) is None
