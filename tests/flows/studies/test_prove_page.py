"""The page of a proof says what was found, good or bad, and where the proof ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from checks.landing import LandingSource
from flows.studies.leak_proof import mutants, page, proof
from flows.studies.leak_proof.comparing import Difference
from flows.studies.leak_proof.running import Result

T = datetime(2026, 1, 2)
DATED = {"stg_shop__visits": "known_at", "stg_asof__clock": ""}
FULL = Result("full build", 0, 9.0, (), tables=DATED)
REMOVED = Result("removed 2026-01-02 00:00", 12345, 3.0, (), compared=7)
LEAK = Difference("removed 2026-01-02 00:00", "shop__features", "delay_3h", "shop 15", "4.5", "null", 9)
MUTANT = mutants.Mutant("a | b", "<= instead of <", (), shared=True)
TIMELESS = LandingSource("shop", "shops", "_shop.yml", "shop/shops", "csv", (), ("shop",), None, 0.0, None, ())
KNOWN = LandingSource("shop", "visits", "_shop.yml", "shop/visits", "csv", (), ("visit",), "known_at", 0.0, None, ())
HELD = proof.Proof(proof.Job("shop", "", "", T, T), [FULL, REMOVED], [proof.Fate(MUTANT, LEAK, True, 1.0)])


def test_a_proof_that_holds_shows_what_was_compared_and_how_each_mutant_was_caught(tmp_path: Path) -> None:
    written = page.write(tmp_path / "proof.md", HELD, [TIMELESS, KNOWN], 600)
    assert [path.name for path in written] == ["proof.md", "proof.html"]
    text = written[0].read_text()
    assert "**shop holds nothing from the future" in text and "10 minutes" in text and "1 random instant" in text
    assert "| removed 2026-01-02 00:00 | 7 | 12,345 | 3 | the same |" in text
    assert "| a \\| b | <= instead of < | removed | shop__features.delay_3h |" in text
    assert "| `stg_shop__visits` | known_at |" in text and "batches only: `stg_asof__clock`" in text
    assert "`shop.shops`" in text and "`shop.visits`" not in text, "what claims to be known always is a limit of the proof"
    assert "$" not in text and "What differs" not in text


def test_a_leak_and_a_survivor_are_told_as_they_are(tmp_path: Path) -> None:
    leaking = proof.Proof(HELD.job, [FULL, replace(REMOVED, differences=(LEAK,))])
    text = page.text(leaking, [], 60)
    assert "**shop does not hold" in text and "1 tables differ" in text
    assert "| removed 2026-01-02 00:00 | shop__features.delay_3h | shop 15 | 4.5 | null | 9 |" in text
    survived = proof.Proof(HELD.job, [FULL, REMOVED], [proof.Fate(MUTANT, None, True, 1.0, changed=9, first=LEAK)])
    assert "it survived** | 9 rows are others, the first in shop__features.delay_3h |" in page.text(survived, [], 60)


def test_a_mutant_with_nothing_to_show_on_is_told_apart_from_one_that_was_missed() -> None:
    in_part = replace(HELD, fates=[*HELD.fates, proof.Fate(MUTANT, None, True, 1.0)])
    text = page.text(in_part, [], 60)
    assert "**shop holds nothing from the future" in text and "it survived**" not in text
    assert "1 of 2 mutants in use were caught; 1 had nothing to show on" in text and "| nothing to show it on |" in text
