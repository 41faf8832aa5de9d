"""A clone of the project in a folder, and what people do there with dbt."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests import forked
from tests.conftest import PROJECT

DBT = Path(sys.executable).parent / "dbt"
RUN_DBT = "import sys; from dbt.cli.main import cli; sys.exit(cli())"  # what the script does


def cloned(folder: Path) -> Path:
    """The files that git knows, as they are now, and nothing else, committed: no data, no target; returns `folder`."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a clone"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def environment() -> dict[str, str]:
    """That of this process, without what settings of the project or of dbt it has."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ASOF_", "DBT_"))}


def build(project: Path, *arguments: str) -> Counter:
    """Run `dbt ARGUMENTS` in a project; returns how many nodes ended in which way."""
    done = forked.run(["-c", RUN_DBT, *arguments], project, environment())
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    return Counter(one["status"] for one in results)


def flows(project: Path, *arguments: str, code: int = 0) -> str:
    """Run `python -m flows ARGUMENTS` in a project; returns what it printed, errors where it is to end with another code."""
    done = forked.run(["-m", "flows", *arguments], project, environment())
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout if not code else done.stderr
