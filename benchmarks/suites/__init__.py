"""A suite per question: a module with NAME, QUESTION and `run(bench)`, which measures contestants and compares their answers.

A new suite is such a module, named below; its contestants stand in `benchmarks/contestants/`, its promises in
`benchmarks/promises.py`, its peers' locked packages in `benchmarks/peers/`.
"""

from benchmarks.suites import asof, drift, estimation, feast, increment, landing, metrics, trailing

SUITES = {module.NAME: module for module in (asof, feast, trailing, increment, drift, estimation, metrics, landing)}
