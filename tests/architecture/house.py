"""The project as its manifest describes it, small enough to copy and to break on purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

# A layer refers to its own or an earlier one. Seeds stand outside: anybody may read them.
LAYERS = ("staging", "intermediate", "features", "problems", "ledger", "monitoring", "marts")


@dataclass
class Model:
    """One model: its layer, folder, SQL, columns and what it depends on (names; sources as `source.table`)."""

    name: str
    layer: str
    folder: str
    sql: str
    description: str
    columns: dict[str, dict[str, Any]]
    models: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


@dataclass
class Macro:
    """One macro: its SQL, the arguments that its YAML documents, its description."""

    name: str
    path: str
    sql: str
    description: str
    documented: list[str]

    @property
    def is_public(self) -> bool:
        """Helpers (`_…`), dispatched versions (`default__…`) and generic tests are described where they stand."""
        return not self.name.startswith(("_", "test_")) and "__" not in self.name

    @property
    def arguments(self) -> list[str]:
        """The names in the macro's signature."""
        signature = re.search(r"{%-?\s*macro\s+\w+\((.*?)\)\s*-?%}", self.sql, re.S)
        text = re.sub(r"\[[^\]]*\]|\{[^}]*\}|'[^']*'", "", signature.group(1) if signature else "")
        return [name.split("=")[0].strip() for name in text.split(",") if name.strip()]


@dataclass
class House:
    """Models, macros and sources of this project, by name; the url of each exposure by its name."""

    models: dict[str, Model]
    macros: dict[str, Macro]
    sources: set[str]
    exposures: dict[str, str] = field(default_factory=dict)

    def problem(self, name: str) -> list[Model]:
        """The models of one problem."""
        return [model for model in self.models.values() if model.layer == "problems" and model.folder == name]

    @property
    def problems(self) -> list[str]:
        """The folders below models/problems."""
        return sorted({model.folder for model in self.models.values() if model.layer == "problems"})

    def upstream(self, name: str) -> set[str]:
        """Everything that a model stands on, models and sources."""
        found, ahead = set(), [name]
        while ahead:
            model = self.models.get(ahead.pop())
            for parent in [*model.models, *model.sources] if model else []:
                if parent not in found:
                    found.add(parent)
                    ahead.append(parent)
        return found


def read(manifest: dict[str, Any], package: str = "asof") -> House:
    """The house that a manifest (as a dictionary) describes; other packages are left out."""
    nodes, sources = manifest["nodes"], manifest["sources"]

    def model(node: dict[str, Any]) -> Model:
        parents = node["depends_on"]["nodes"]
        return Model(
            name=node["name"], layer=node["fqn"][1], folder=node["fqn"][2] if len(node["fqn"]) > 3 else "",
            sql=node["raw_code"], description=node["description"], columns=node["columns"],
            models=[nodes[p]["name"] for p in parents if p in nodes and nodes[p]["resource_type"] == "model"],
            sources=[f"{sources[p]['source_name']}.{sources[p]['name']}" for p in parents if p in sources],
        )  # fmt: skip

    models = [model(n) for n in nodes.values() if n["resource_type"] == "model" and n["package_name"] == package]
    macros = [
        Macro(m["name"], m["original_file_path"], m["macro_sql"], m["description"], [a["name"] for a in m["arguments"]])
        for m in manifest["macros"].values()
        if m["package_name"] == package
    ]
    return House(
        models={m.name: m for m in models},
        macros={m.name: m for m in macros},
        sources={f"{s['source_name']}.{s['name']}" for s in sources.values() if s["package_name"] == package},
        exposures={e["name"]: e["url"] or "" for e in manifest["exposures"].values() if e["package_name"] == package},
    )
