"""A suite per question. Each module has NAME, QUESTION and `run(bench)`, which measures contestants and compares their answers."""

from benchmarks.suites import asof, feast, increment, trailing

SUITES = {module.NAME: module for module in (asof, feast, trailing, increment)}
