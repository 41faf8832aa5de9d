"""The Dockerfile is linted, and what it copies is the whole project, without data and secrets. No image is built here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.clone import environment
from tests.conftest import PROJECT

HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or ""
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
COPIED = [line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
linting = pytest.mark.skipif(not HADOLINT, reason="hadolint is locked for Linux alone")


def lint(text: str) -> str:
    """What hadolint has to say."""
    return subprocess.run([HADOLINT, "--no-color", "-"], input=text, capture_output=True, text=True).stdout


@linting
def test_hadolint_has_nothing_to_say() -> None:
    assert lint(DOCKERFILE) == ""


@linting
@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (r"^USER 10001$", "USER root", "DL3002"),
        (r"^FROM python:\S+", "FROM python:latest", "DL3007"),
        (r" --no-install-recommends", "", "DL3015"),
    ],
)
def test_hadolint_finds_what_is_worse(before: str, after: str, rule: str) -> None:
    worse, changed = re.subn(before, after, DOCKERFILE, flags=re.M)
    assert changed and rule in lint(worse)


def test_both_stages_have_the_same_whole_version() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.M)
    assert len(images) == 2 and len(set(images)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", images[0])


def test_packages_come_from_the_lock_with_their_hashes_and_health_from_the_status() -> None:
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert re.search(r'^HEALTHCHECK .*CMD \["python", "-m", "flows", "status"\]$', DOCKERFILE, flags=re.M)


def test_neither_data_nor_secrets_nor_history_are_sent_to_the_builder() -> None:
    lines = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*", "everything is left out that is not named"
    assert not {".env", ".git", ".venv", "data", "published", "backups", "logs", "target", "tests"} & set(COPIED)


def test_the_job_of_the_page_is_that_user_writes_those_folders_and_never_runs_twice_at_a_time() -> None:
    page = (PROJECT / "docs" / "deployment.md").read_text()
    (job,) = [one for text in re.findall(r"```yaml\n(.*?)```", page, flags=re.S) if "kind" in (one := yaml.safe_load(text))]
    assert (job["spec"]["concurrencyPolicy"], job["spec"]["timeZone"]) == ("Forbid", "Etc/UTC")
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert f"USER {pod['securityContext']['runAsUser']}\n" in DOCKERFILE and pod["securityContext"]["runAsNonRoot"]
    (home,) = set(re.findall(r"^WORKDIR (\S+)", DOCKERFILE, flags=re.M))
    mounted = {mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounted == {f"{home}/data", f"{home}/published"}


@pytest.mark.slow
def test_what_is_copied_is_all_that_flows_and_dbt_need(tmp_path: Path) -> None:
    for name in COPIED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (PROJECT / name).exists():
            shutil.copy(PROJECT / name, tmp_path / name)

    def ran(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *command], cwd=tmp_path, env=environment(), capture_output=True, text=True)

    parsed = ran("-m", "dbt.cli.main", "parse")
    assert parsed.returncode == 0, parsed.stdout[-2000:]
    assert "nothing has landed yet" in ran("-m", "flows", "status").stderr
    program = "import yaml, importlib; [importlib.import_module(one['entrypoint'].split('.py:')[0].replace('/', '.')) for one in "
    imported = ran("-c", program + "yaml.safe_load(open('prefect.yaml'))['deployments']]")
    assert imported.returncode == 0, imported.stderr[-2000:]
