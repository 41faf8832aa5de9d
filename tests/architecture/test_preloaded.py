"""The server that children of tests fork from is silent where an import fails, and then each child imports it again."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import tests


def test_whatever_is_preloaded_is_there() -> None:
    tree = ast.parse((Path(tests.__path__[0]) / "preloaded.py").read_text())
    names = [one.name for node in tree.body if isinstance(node, ast.Import) for one in node.names]
    assert len(names) > 5 and all(find_spec(name) for name in names)
