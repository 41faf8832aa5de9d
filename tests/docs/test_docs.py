"""What the documentation names exists: links, targets, verbs, files, models, macros, pages, columns."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml

from tests.conftest import PROJECT

PAGES = sorted([PROJECT / "README.md", PROJECT / "CHANGELOG.md", *(PROJECT / "docs").rglob("*.md")])
# Made by running the project, or by following a page.
MADE = ("data/", "published/", "target/", ".venv", ".env", "logs/")
# The examples that `docs/how-to/write-a-problem.md` and `add-a-problem.md` build up, placeholders, and names of alerts.
EXAMPLES = re.compile(
    r"carrier_cancels|big_week|staging/shop/|<.*>|crews|^p__|/p/$|^(\w+_drift|quality_\w+|quarantine|unreconciled|changed_file|volume|missing_values|skew|proxies|failed_run|quota|training_\w+|gate_failed|no_promotion|rollback)/"
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PATH = re.compile(r"^[\w.-]+(/[\w.*-]+)+/?$|^[\w.-]+\.(py|sql|yml|yaml|md|toml|csv|lock)$|^(Makefile|LICENSE)$")
MODEL = re.compile(r"^(stg|int|ftr|mon|mart)_[a-z0-9_]+$|^[a-z0-9_]+__(cohort|features|labels|rule|\w+_set|outcomes)$")
# What was measured on the example is told after it was removed, too.
REMOVED = [Path(name) for name in yaml.safe_load((PROJECT / "example.yml").read_text()).get("removed", ())]
MACRO = re.compile(r"^[a-z_]+(_before|_within|_landed|_instants|_on_schedule|_frame|_through)$")
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))


def _prose(page: Path) -> str:
    """The text of a page without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.S | re.M)


def _anchors(page: Path) -> set[str]:
    """The anchors that a Markdown viewer gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _names(pattern: str) -> set[str]:
    return {path.stem for path in PROJECT.glob(pattern)}


@pages
def test_every_relative_link_resolves(page: Path) -> None:
    broken = []
    for link in LINK.findall(_prose(page)):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


@pages
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), flags=re.M))
    named = re.findall(r"(?:^ *|`)make ([a-z][a-z-]*)", page.read_text(), flags=re.M)
    assert sorted(set(named) - targets) == []


@pages
def test_every_verb_and_option_that_is_named_exists(page: Path) -> None:
    from flows.cli.main import cli

    unknown = []
    for verb, rest in re.findall(r"python -m flows ([a-z-]+)([^`\n]*)", page.read_text()):
        command = cli.commands.get(verb)
        # `alerts ack ID`: a verb below a verb
        word = re.match(r" ([a-z]+)\b", rest)
        if word and word[1] in getattr(command, "commands", {}):
            command, verb = command.commands[word[1]], f"{verb} {word[1]}"
        options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} if command else set()
        unknown += [] if command else [verb]
        unknown += [f"{verb} {option}" for option in re.findall(r"--[a-z-]+", rest) if option not in options]
    assert unknown == []


def test_the_readme_lists_every_verb_and_every_target() -> None:
    from flows.cli.main import cli

    text = (PROJECT / "README.md").read_text()
    targets = re.findall(r"^([a-z-]+):.*## ", (PROJECT / "Makefile").read_text(), flags=re.M)
    missing = [f"make {name}" for name in targets if f"| `make {name}` |" not in text]
    assert missing + [name for name in cli.commands if f"| `{name}` |" not in text] == []


@pages
def test_every_file_that_is_named_exists(page: Path) -> None:
    missing = []
    for code in CODE.findall(_prose(page)):
        if not PATH.match(code) or EXAMPLES.search(code) or code.startswith(MADE):
            continue
        known = any(one.match(code) or str(one).startswith(code) for one in REMOVED)
        known |= any((base / code).exists() or bool(list(base.glob(code))) for base in (PROJECT, page.parent))
        if not known and ("/" in code or not list(PROJECT.glob(f"[!.]*/**/{code}"))):
            missing.append(code)
    assert missing == []


@pages
def test_every_model_and_macro_that_is_named_exists(page: Path) -> None:
    models, macros = _names("models/**/*.sql") | _names("seeds/*.csv"), _names("macros/**/*.sql")
    models |= {path.stem for path in REMOVED}
    codes = [code for code in CODE.findall(_prose(page)) if not EXAMPLES.search(code)]
    unknown = [code for code in codes if MODEL.match(code) and code not in models]
    assert unknown + [code for code in codes if MACRO.match(code) and code not in macros | models] == []


def test_each_kind_of_alert_has_a_page_and_each_page_a_kind() -> None:
    seed = (PROJECT / "seeds" / "alert_kinds.csv").read_text().splitlines()[1:]
    kinds = {line.split(",")[0] for line in seed}
    assert kinds == _names("docs/alerts/*.md")
    findings = PROJECT / "models" / "monitoring" / "alerts" / "findings"
    found = set(re.findall(r"'(\w+)' as kind", "".join(path.read_text() for path in findings.glob("*.sql"))))
    watched = csv.DictReader((PROJECT / "seeds" / "monitored_measures.csv").open())
    assert kinds == found | {row["monitor"] for row in watched}


@pytest.mark.parametrize("kind", sorted(_names("docs/alerts/*.md")))
def test_a_page_of_an_alert_says_what_why_and_what_to_do(kind: str) -> None:
    text = (PROJECT / "docs" / "alerts" / f"{kind}.md").read_text()
    wanted = (f"# {kind}\n", "**Example.**", "**Why it matters.**", "**How it is measured.**", "**What to do.**")
    assert [part for part in wanted if part not in text] == []
    assert re.search(r"\*\*Example\.\*\* (From the example's serving history|Invented: the example never raised it): ", text), (
        "an example is from the example's serving history or says that it is not"
    )


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    found = sorted(path.name for path in (PROJECT / "docs" / "decisions").glob("*.md"))
    listed = (PROJECT / "docs" / "architecture.md").read_text()
    assert [int(name[:4]) for name in found] == list(range(1, len(found) + 1))
    assert [name for name in found if f"decisions/{name}" not in listed] == []


def test_a_command_of_dbt_that_a_message_or_a_page_tells_stands_as_it_is_typed() -> None:
    """dbt is in the project's own environment and not on the path of who reads."""
    told = re.compile(r"`dbt (run|build|test|docs|seed|parse|compile)\b")
    folders = {"flows": "*.py", "docs/how-to": "*.md", "docs/alerts": "*.md", "models": "*.md"}
    files = [file for folder, ending in folders.items() for file in (PROJECT / folder).rglob(ending)]
    wrong = [
        f"{file.relative_to(PROJECT)}: {line}" for file in files for line in file.read_text().splitlines() if told.search(line)
    ]
    assert files and not wrong, "write .venv/bin/dbt"
