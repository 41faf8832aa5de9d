"""YAML as .yamllint wants it."""

from __future__ import annotations

from pathlib import Path

from yamllint import linter
from yamllint.config import YamlLintConfig

CONFIG = YamlLintConfig(file=str(Path(__file__).parents[2] / ".yamllint"))


def lint(text: str) -> list[str]:
    """What is found in a text, each with its line; empty where nothing is."""
    return [str(one) for one in linter.run(text, CONFIG)]
