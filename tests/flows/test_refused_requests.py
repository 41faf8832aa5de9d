"""What a person asks for and is refused is no failure of the system: it is told to who asked, and nobody else is woken."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from flows.cli.main import cli
from tests import forked
from tests.clone import environment, flows

pytestmark = pytest.mark.slow

# Of each verb what is refused because of what was asked, and words that say so. The shop's clock stands at 26 February.
REFUSED: dict[str, list[tuple[tuple[str, ...], str]]] = {
    "init": [(("--example", "nonsense"), "nonsense")],
    "new": [(("source", "shop.visits", "--from", "nowhere.csv"), "nowhere.csv"),
            (("problem", "big", "--entity", "shop", "--every", "daily", "--horizon", "1 day", "--label", "count(*) > 1",
              "--from", "stg_shop__visits"), "--every is 'daily'")],
    "feasibility": [(("--problem", "nobodys"), "nobodys")],
    "backtest": [(("--first", "2026-02-25", "--choose-until", "2026-02-20"), "must follow each other"),
                 (("--first", "1999-01-01", "--choose-until", "1999-01-09"), "")],
    "cycle": [(("--until", "2026-02-01"), "cannot go back")],
    "land": [(("--until", "2026-02-01"), "cannot go back")],
    "build": [(("--problem", "nobodys"), "nobodys")],
    "train": [(("--problem", "nobodys"), "nobodys")],
    "judge": [(("--model", "no-such-model"), "has no model 'no-such-model'"), (("--live",), "compare live"),
              (("--model", "CHAMPION"), "is the rule, with which every challenger is compared")],
    "promote": [(("--model", "no-such-model", "--reason", "x"), "has no model 'no-such-model'")],
    "shadow": [(("--model", "no-such-model"), "has no model 'no-such-model'")],
    "rollback": [(("--reason", "x"), "no earlier champion")],
    "score": [(("--again", "1999-01-01", "1999-02-01", "--reason", "x"), "has a prediction"),
              (("--again", "2026-02-25", "2026-02-26"), "--reason")],
    "card": [(("--model", "no-such-model"), "has no model 'no-such-model'")],
    "purge": [(("--entity", " "), "the key is empty"), (("--column", "shop.visits.nothing", "--key", "1"), "nothing")],
    "feedback": [(("--entity", "no-such-shop", "--label", "true", "--by", "x"), "no-such-shop")],
    "monitor": [(("--simulate",), "")],
    "alerts": [(("show", "none"), "none")],
    "report": [(("--problem", "nobodys"), "nobodys")],
    "publish": [(("--problem", "nobodys"), "nobodys")],
    "export": [((), "nothing says where to"), (("--to", "csv:data"), "data")],
    "replay": [(("--problem", "nobodys"), "nobodys")],
    "prove": [(("--problem", "nobodys"), "nobodys")],
    "experiment": [(("no-such-experiment",), "experiments")],
    "leaderboard": [(("--problem", "nobodys"), "nobodys")],
    "status": [(("--problem", "nobodys"), "nobodys")],
    "verify": [(("--problem", "nobodys"), "nobodys")],
    "backup": [(("--to", "data"), "data")],
    "restore": [(("nowhere",), "nowhere")],
    "recover": [(("--problem", "nobodys"), "nobodys")],
}  # fmt: skip
# What takes nothing that could be refused.
NOTHING_ASKED = {"doctor", "sizing"}
ASK = """
import io, json, sys, warnings
from contextlib import redirect_stderr, redirect_stdout
warnings.simplefilter("ignore")
from flows.cli.main import cli
from flows.runtime import console
found = []
for arguments in json.load(sys.stdin):
    told = io.StringIO()
    console.err.file = told
    with redirect_stderr(told), redirect_stdout(told):
        try:
            cli.main(arguments)
            code = 0
        except SystemExit as end:
            code = end.code
    found.append([code, " ".join(told.getvalue().split())])
print(json.dumps(found))
"""


def asked(project: Path, requests: list[list[str]]) -> list[tuple[int, str]]:
    """The code with which each request ended, and what was said, all in one process."""
    done = subprocess.run(
        [sys.executable, "-c", ASK], input=json.dumps(requests), cwd=project, env=environment(), capture_output=True, text=True,
        timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return [tuple(one) for one in json.loads(done.stdout.splitlines()[-1])]


def standing(project: Path) -> tuple[list[tuple], list[tuple], list[tuple]]:
    """The failed runs, the state of the problem, and its alerts."""
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        return tuple(
            con.execute(sql).fetchall()
            for sql in (
                "select phase, message from ledger.runs where status = 'failed'",
                "select state from monitoring.mon_health",
                "select kind, subject from monitoring.alerts where kind = 'failed_run' and state <> 'closed'",
            )
        )  # fmt: skip


def test_every_verb_is_asked_for_something_that_it_refuses() -> None:
    assert set(REFUSED) | NOTHING_ASKED == set(cli.commands)


def test_what_is_refused_because_of_what_was_asked_is_no_failed_run_whatever_the_verb(shop_project: Path) -> None:
    before = standing(shop_project)
    with duckdb.connect(str(shop_project / "data" / "warehouse.duckdb"), read_only=True) as con:
        champion = con.execute("select arg_max(model_version, effective_at) from ledger.promotions").fetchall()[0][0]
    requests = [(verb, words, told) for verb, some in REFUSED.items() for words, told in some]
    named = [[verb, *(champion if one == "CHAMPION" else one for one in words)] for verb, words, _ in requests]
    wrong = {}
    for words, (_, _, told), (code, said) in zip(named, requests, asked(shop_project, named), strict=True):
        if code not in (1, 2) or told not in said or "unforeseen" in said:
            wrong[" ".join(words)] = (code, said[-600:])
    assert wrong == {}
    assert standing(shop_project) == before, "no run failed, and nobody is told that one did"


def test_a_training_that_comes_too_early_is_refused_to_a_person_not_begun_by_the_calendar_and_else_a_failure(
    shop_project: Path,
) -> None:
    declared = next((shop_project / "models" / "problems" / "big_sale").glob("_*.yml"))
    declared.write_text(declared.read_text().replace("holdout_days: 10", "holdout_days: 900"))
    before = standing(shop_project)
    ((code, said),) = asked(shop_project, [["train"]])
    assert code == 1 and "no row is left for the train part" in said and "wait for more labels" in said
    assert standing(shop_project) == before
    look = "from datetime import datetime\nfrom flows.retraining import call, look\nat = datetime(2026, 3, 3)"
    look += "\nprint(call(look, 'big_sale', at))"
    done = forked.run(["-c", look], shop_project, environment())
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "not due"), done.stderr
    assert standing(shop_project) == before, "what must fail is not begun"
    assert re.search(
        r"training is held, no row is left for the train part .* wait for more labels", flows(shop_project, "status")
    )
    ask = "from flows.training import training\nfrom flows.runtime.step import call\ncall(training, 'big_sale', 'schedule')"
    done = forked.run(["-c", ask], shop_project, environment())
    assert done.returncode != 0 and "no row is left" in done.stderr
    ((phase, why),), ((state,),), ((kind, subject),) = standing(shop_project)
    assert (phase, state, kind, subject) == ("training", "FAILING", "failed_run", "training") and "no row is left" in why
