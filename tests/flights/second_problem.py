"""The problem that `docs/how-to/write-a-problem.md` builds up, planted into a copy of the project: SQL and YAML alone."""

from __future__ import annotations

import re
from pathlib import Path

from flows.runtime.settings import PROJECT
from flows.studies.leak_proof import project

PAGE = PROJECT / "docs" / "how-to" / "write-a-problem.md"
SECOND = "carrier_cancels"


def plant(folder: Path) -> Path:
    """Copy the project to `folder` and add the page's files to it, as a reader would; returns `folder`."""
    project.copy(folder)
    text = PAGE.read_text()
    home = folder / "models" / "problems" / SECOND
    home.mkdir()
    for name, sql in re.findall(r"^`(\w+\.sql)`\n+```sql\n(.*?)^```", text, flags=re.M | re.S):
        (home / name).write_text(sql)
    declared = re.findall(r"^```yaml\n(models:\n.*?|  - name: (?!\w+_report\n).*?)^```", text, flags=re.M | re.S)
    (home / f"_{SECOND}.yml").write_text("".join(declared))
    exposures = folder / "models" / "marts" / "_exposures.yml"
    exposures.write_text(f"{exposures.read_text()}\n{exposure()}")
    named = re.search(r"^```yaml\nvars:\n(  problems: .*?\n)```", text, flags=re.M | re.S)[1]
    settings = folder / "dbt_project.yml"
    settings.write_text(re.sub(r"^  problems: .*\n", lambda found: named, settings.read_text(), flags=re.M))
    return folder


def exposure() -> str:
    """What the page says to append to `models/marts/_exposures.yml`."""
    return re.search(r"^```yaml\n(  - name: \w+_report\n.*?)^```", PAGE.read_text(), flags=re.M | re.S)[1]
