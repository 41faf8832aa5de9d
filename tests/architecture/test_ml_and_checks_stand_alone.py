"""`ml` and `checks` can be used elsewhere: they are imported where neither Prefect nor dbt nor DuckDB is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import PROJECT

PROGRAM = """
import importlib, pkgutil, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("prefect", "dbt", "duckdb", "flows", "soda_core"):
            raise ModuleNotFoundError(f"{name} is not installed here")

sys.meta_path.insert(0, Missing())
package = importlib.import_module(sys.argv[1])
names = [name for _, name, _ in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


@pytest.mark.parametrize(("package", "fewest"), [("ml", 60), ("checks", 4)])
def test_every_module_is_imported_without_prefect_dbt_and_duckdb(package: str, fewest: int) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, package], cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= fewest
