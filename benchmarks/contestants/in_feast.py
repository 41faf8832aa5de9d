"""The as-of joins by Feast's own offline stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import feast
import pandas as pd
from feast.infra.offline_stores.duckdb import DuckDBOfflineStoreConfig
from feast.infra.offline_stores.file_source import FileSource


def _store(arguments: dict) -> tuple[feast.FeatureStore, list[str], pd.DataFrame]:
    home = Path(arguments["scratch"])
    offline = DuckDBOfflineStoreConfig(type="duckdb") if arguments["store"] == "duckdb" else {"type": arguments["store"]}
    store = feast.FeatureStore(config=feast.RepoConfig(
        project="bench", provider="local", registry=str(home / "registry.db"), offline_store=offline,
        online_store={"type": "sqlite", "path": str(home / "online.db")}, entity_key_serialization_version=3,
    ))  # fmt: skip
    features = []
    for key, file in arguments["views"].items():
        entity = feast.Entity(name=key, join_keys=[key], value_type=feast.ValueType.STRING)
        source = FileSource(name=f"{key}_source", path=file, timestamp_field="known_at")
        view = feast.FeatureView(name=f"{key}_daily", entities=[entity], ttl=timedelta(days=arguments["ttl_days"]), source=source)
        store.apply([entity, source, view])
        features += [f"{key}_daily:{f.name}" for f in store.get_feature_view(f"{key}_daily").features]
    # Feast takes facts known at the instant too; a microsecond earlier it asks what we ask
    spine = pd.read_parquet(arguments["spine"], columns=["flight_row", *arguments["views"], "as_of"])
    asked = (spine["as_of"] - pd.Timedelta(microseconds=1)).astype("datetime64[us]").dt.tz_localize("UTC")
    return store, features, spine.drop(columns="as_of").assign(event_timestamp=asked)


def asof_before(arguments: dict) -> None:
    """Write the registry and read the spine, outside the clock."""
    arguments["ready"] = _store(arguments)


def asof(arguments: dict) -> Callable[[str], object]:
    """`get_historical_features` of all views."""
    store, features, spine = arguments["ready"]
    answer = store.get_historical_features(entity_df=spine, features=features, full_feature_names=True).to_df()
    answer = answer.rename(columns=lambda name: name.replace("_daily__", "_"))
    answer = answer[[c for c in answer.columns if c not in (*arguments["views"], "event_timestamp")]]
    return lambda file: answer.to_parquet(file, index=False)
