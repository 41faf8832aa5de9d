"""Events of the project: known to triggers and readers, silent without a server, and never in the way of a command."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml

from flows.runtime import prefect_events
from flows.steps.monitoring.alerting import evaluating
from tests.conftest import PROJECT

DEPLOYMENTS = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
TRIGGERS = [trigger for one in DEPLOYMENTS for trigger in one.get("triggers", ())]
EMIT = (
    "import sys; from flows.runtime import prefect_events as events; "
    "events.emit(events.BATCH_LANDED, 'source', 'x', rows=3); print('prefect' in sys.modules)"
)


def test_triggers_wait_for_events_that_the_project_emits() -> None:
    waited_for = [event for trigger in TRIGGERS for event in trigger["expect"]]
    assert waited_for and set(waited_for) <= set(prefect_events.EVENTS)


def test_every_event_is_told_of_in_the_page_about_deployment() -> None:
    named = re.findall(r"^\| `(\w+\.\w+)` \|", (PROJECT / "docs" / "deployment.md").read_text(), flags=re.M)
    assert sorted(named) == sorted(prefect_events.EVENTS)


def test_kinds_of_alerts_that_are_events_are_kinds_of_alerts() -> None:
    with (PROJECT / "seeds" / "alert_kinds.csv").open() as seed:
        kinds = {row["kind"] for row in csv.DictReader(seed)}
    assert set(evaluating.EVENTS) <= kinds
    assert set(evaluating.EVENTS.values()) == {"drift.detected", "quality.degraded", "quota.near"}


class HalfAServer(BaseHTTPRequestHandler):
    """Answers who asks for its version, and takes no events."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path.endswith("/admin/version") else 404)
        self.end_headers()
        self.wfile.write(b'"3"')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def half_a_server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), HalfAServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


def emitted(url: str | None) -> tuple[str, float]:
    """What a process that emits an event prints, and the seconds until it has ended."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", EMIT],
        cwd=PROJECT, env=variables | ({"PREFECT_API_URL": url} if url else {}), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), time.monotonic() - began


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9/api", "nonsense"])
def test_without_a_server_nothing_is_sent_and_prefect_is_not_even_imported(url: str | None) -> None:
    said, seconds = emitted(url)
    assert said == "False" and seconds < 10


def test_a_server_that_takes_no_events_fails_and_holds_up_nobody(half_a_server: str) -> None:
    said, seconds = emitted(half_a_server)
    assert said == "True" and seconds < 30


def test_an_event_holds_no_secret_and_no_more_than_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple] = []
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setenv("SHOP_PASSWORD", "correct-horse-battery")
    monkeypatch.setattr(prefect_events, "_answers", lambda: True)
    monkeypatch.setattr("prefect.events.emit_event", lambda *args, **kwargs: told.append((args, kwargs)))
    prefect_events.emit("batch.refused", "landing", "files", reason="correct-horse-battery " * 100, rows=None)
    ((event, resource), more) = told[0]
    assert (event, resource["prefect.resource.id"]) == ("batch.refused", "asof.landing.files")
    assert list(more["payload"]) == ["reason"] and len(more["payload"]["reason"]) <= prefect_events.LONGEST
    assert "correct-horse" not in str(more)
