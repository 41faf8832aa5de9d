"""What dbt does before it opens the warehouse: it makes the folder, if that is not there, as `warehouse.connection` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """A plugin of dbt-duckdb; `profiles.yml` names this module."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Called once, just before dbt-duckdb opens the file at `creds.path`."""
        Path(creds.path).parent.mkdir(parents=True, exist_ok=True)
