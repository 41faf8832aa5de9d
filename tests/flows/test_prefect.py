"""A real Prefect server, a real worker and the deployments of prefect.yaml; and the same work where Prefect is away."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT


def test_a_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        environment = {**os.environ, "ASOF_PREFECT_PORT": port, "PREFECT_HOME": str(tmp_path)}
        ended = subprocess.run(
            [sys.executable, "-m", "flows.serve"], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60
        )
    assert ended.returncode == 1
    assert f"port {port} is taken" in ended.stderr
    assert "Traceback" not in ended.stderr
