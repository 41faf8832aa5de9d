"""What dbt does when it opens the warehouse: a new file is its owner's alone, and SQL reaches no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from flows.runtime import private_files, salt
from flows.runtime.confinement import confine


class Plugin(BasePlugin):
    """A plugin of dbt-duckdb; `profiles.yml` names this module."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Called once, just before dbt-duckdb opens the file at `creds.path`."""
        self._made = None if Path(creds.path).exists() else Path(creds.path)
        Path(creds.path).parent.mkdir(parents=True, exist_ok=True)

    def configure_connection(self, conn: Any) -> None:
        """Called once, when the file is open."""
        if self._made:
            self._made.chmod(private_files.MODE)
        salt.ensure(conn)
        confine(conn, self.creds.settings or {})
