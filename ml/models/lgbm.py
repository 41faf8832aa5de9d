"""LightGBM, imported when it is first needed and told to wait politely."""

import os
from types import ModuleType


def lightgbm() -> ModuleType:
    """The module. Importing it takes a second that most verbs can save."""
    # Threads that spin while they wait cost a factor of ten when something else runs on the same cores.
    # OpenMP reads this once, when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import lightgbm as module

    return module
