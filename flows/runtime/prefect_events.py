"""Facts of the project as events of Prefect: triggers in prefect.yaml start deployments by them, people may add more.

An event is told to the server that is configured, where it answers, and to nobody else. Without one nothing waits or fails.
"""

from __future__ import annotations

import base64
import functools
import os
import urllib.request
from contextlib import suppress
from http.client import HTTPException

from flows.runtime.settings import redacted
from flows.runtime.step import inside_a_flow_run

BATCH_LANDED, BATCH_REFUSED = "batch.landed", "batch.refused"
DRIFT_DETECTED, QUALITY_DEGRADED, QUOTA_NEAR = "drift.detected", "quality.degraded", "quota.near"
MODEL_PROMOTED = "model.promoted"
EVENTS = (BATCH_LANDED, BATCH_REFUSED, DRIFT_DETECTED, QUALITY_DEGRADED, QUOTA_NEAR, MODEL_PROMOTED)
SECONDS = 1
LONGEST = 500


def emit(event: str, kind: str, name: str, /, **facts: object) -> None:
    """Tell Prefect that something has happened to a resource, such as `problem` and its name; `facts` are shown as text."""
    if not (os.environ.get("PREFECT_API_URL") and (inside_a_flow_run() or _answers())):
        return
    with suppress(Exception):
        from prefect.events import emit_event

        told = {key: redacted(str(value))[:LONGEST] for key, value in facts.items() if value is not None}
        emit_event(event, {"prefect.resource.id": f"asof.{kind}.{name}", "prefect.resource.name": name}, payload=told)


@functools.cache
def _answers() -> bool:
    """Whether the server lets this process in; asked once, since a command that is typed must not wait for it."""
    try:
        ask = urllib.request.Request(f"{os.environ['PREFECT_API_URL'].rstrip('/')}/admin/version")
        if auth := os.environ.get("PREFECT_API_AUTH_STRING"):
            ask.add_header("authorization", f"Basic {base64.b64encode(auth.encode()).decode()}")
        with urllib.request.urlopen(ask, timeout=SECONDS):
            return True
    except (OSError, ValueError, HTTPException):
        return False
