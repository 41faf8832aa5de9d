"""The rooms of the house: `ml` works on arrays alone."""

import ast
from pathlib import Path

import ml

# pydantic reads declarations, which are plain values: it opens nothing.
ALLOWED = {"numpy", "pyarrow", "lightgbm", "scipy", "sklearn", "pydantic", "pydantic_core", "typing_extensions", "ml"}


def test_ml_imports_arrays_declarations_and_the_standard_library_only():
    import sys

    for path in Path(ml.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                root = name.split(".")[0]
                assert root in ALLOWED or root in sys.stdlib_module_names, f"{path.name} imports {name}"
