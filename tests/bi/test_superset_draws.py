"""A real Superset imports the folder twice and draws each chart in a browser; SUPERSET_PROGRAMS names its folder of programs."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bi.superset.__main__ import superset
from tests import browser
from tests.bi.published import published_file

PROGRAMS = os.environ.get("SUPERSET_PROGRAMS")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAMS, reason="SUPERSET_PROGRAMS names no folder with Superset's programs"),
    pytest.mark.skipif(not browser.path(), reason="Chromium is not installed"),
]
PASSWORD = "of-a-test"
LOG_IN = f"""(() => {{ const asked = new XMLHttpRequest(); asked.open('POST', '/login/', false);
  asked.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
  asked.send('username=admin&password={PASSWORD}'); return asked.status; }})()"""
DRAWN = "[document.querySelectorAll('.slice_container').length, document.body.innerText]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Superset that has imported the dashboards of a published file, and those of it once more."""
    folder = tmp_path_factory.mktemp("superset")
    (folder / "config.py").write_text(
        f'SECRET_KEY = "{os.urandom(20).hex()}"\nSQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"\n'
        "TALISMAN_ENABLED = False\nWTF_CSRF_ENABLED = False\n"
    )
    environment = os.environ | {
        "SUPERSET_CONFIG_PATH": str(folder / "config.py"),
        "SUPERSET_HOME": str(folder),
        "FLASK_APP": "superset",
    }

    def run(*arguments: str) -> None:
        done = subprocess.run([f"{PROGRAMS}/superset", *arguments], env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr[-2000:]

    file = published_file(folder / "analytics.duckdb")
    admin = f"--username admin --firstname a --lastname b --email a@b.example --password {PASSWORD}"
    for command in ("db upgrade", f"fab create-admin {admin}", "init"):
        run(*command.split())
    for _ in range(2):
        done = CliRunner().invoke(superset, ["--published", str(file), "--to", str(folder / "dashboards")])
        assert done.exit_code == 0, done.output
        run("import-directory", str(folder / "dashboards"), "--overwrite", "--force")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [f"{PROGRAMS}/superset", "run", "-h", "127.0.0.1", "-p", str(port), "--with-threads"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(120):
            assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            except OSError:
                time.sleep(1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_each_chart_of_each_dashboard_is_drawn_with_its_rows(server: str, tmp_path: Path) -> None:
    chromium = browser.Browser(tmp_path / "profile")
    try:
        chromium.open(f"{server}/login/")
        assert chromium.run(LOG_IN) == 200
        for dashboard, charts, words in (("models-and-alerts", 4, "a cause"), ("loyal-shops", 3, "=1+1")):
            chromium.open(f"{server}/superset/dashboard/asof-{dashboard}/?standalone=2", height=1400)
            for _ in range(60):
                drawn, text = chromium.run(DRAWN)
                if drawn == charts and words in text:
                    break
                time.sleep(1)
            assert (drawn, words in text) == (charts, True), text[:2000]
            assert "Unexpected error" not in text and "No results" not in text
    finally:
        chromium.close()
