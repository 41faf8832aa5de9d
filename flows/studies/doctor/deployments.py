"""Prefect: whether a server that is configured answers, and knows what prefect.yaml declares. None is started."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import yaml

from flows.runtime.settings import PROJECT
from flows.studies.doctor.finding import Finding

SECONDS = 5
PASSWORD = "set PREFECT_API_AUTH_STRING to the line in data/prefect/auth_string"
SERVE = "start it with `make serve`, or unset PREFECT_API_URL: the verbs need no server"


def deployments() -> Iterator[Finding]:
    """A server that does not answer or refuses, deployments that it lacks, and those that are paused."""
    address = os.environ.get("PREFECT_API_URL")
    if not address:
        return
    try:
        found = _asked(address, "deployments/filter")
        pools = {one["name"]: one for one in _asked(address, "work_pools/filter")}
    except urllib.error.HTTPError as error:
        refused = "refuses the password" if error.code in (401, 403) else f"answers {error.code}"
        yield Finding(
            "deployments", f"{address} {refused}", "set PREFECT_API_AUTH_STRING to the line in data/prefect/auth_string"
        )
        return
    except (OSError, ValueError) as error:
        yield Finding("deployments", f"{address} does not answer ({str(error)[:80]})", SERVE)
        return
    there = {(one["entrypoint"], one["name"]): one for one in found}
    for wanted in yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]:
        name = f"{wanted['entrypoint'].rpartition(':')[2]}/{wanted['name']}"
        one = there.get((wanted["entrypoint"], wanted["name"]))
        if one is None:
            yield Finding("deployments", f"{name} of prefect.yaml is not deployed", "run `make serve`, which deploys all of them")
        elif one.get("paused"):
            resume = f"if nobody meant to, `.venv/bin/prefect deployment schedule resume {name}`"
            yield Finding("deployments", f"{name} is paused", resume)
    for name in sorted({used for one in found if (used := one.get("work_pool_name"))}):
        if pools.get(name, {}).get("is_paused"):
            resume = f"if nobody meant to, `.venv/bin/prefect work-pool resume {name}`"
            yield Finding("deployments", f"the work pool {name} is paused and no flow starts", resume)


def _asked(address: str, what: str) -> list[dict[str, Any]]:
    headers = {"Content-Type": "application/json"}
    if auth := os.environ.get("PREFECT_API_AUTH_STRING"):
        headers["Authorization"] = f"Basic {base64.b64encode(auth.encode()).decode()}"
    ask = urllib.request.Request(f"{address.rstrip('/')}/{what}", b"{}", headers, method="POST")
    with urllib.request.urlopen(ask, timeout=SECONDS) as answer:
        return json.load(answer)
