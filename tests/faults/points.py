"""Where a child of a test dies: each function patches one step, so that `die` is called at the point it is named after.

Production code knows nothing of this; what runs up to the point is all real.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

Die = Callable[[], None]


def before_the_write(die: Die) -> None:
    from flows.steps import scoring

    scoring.stage = lambda *arguments: die()


def after_the_staged_write(die: Die) -> None:
    from flows.steps import scoring

    scoring.audit = lambda *arguments: die()


def inside_the_promoting_transaction(die: Die) -> None:
    """The predictions are inserted, the profiles and the run are not, nothing is committed."""
    from flows.steps import ledger

    ledger.insert = lambda *arguments: die()


def after_the_commit_before_publishing(die: Die) -> None:
    from flows import serving

    serving.verify = lambda *arguments: die()


def between_verdict_and_promotion(die: Die) -> None:
    """The verdict and its gates are inserted, the promotion is not, nothing is committed."""
    from flows.steps import registry

    registry.write = lambda *arguments: die()


def before_the_rename(die: Die) -> None:
    """The new file is written and audited."""
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            die()
        return rename(self, target)

    Path.replace = replace


def after_publishing(die: Die) -> None:
    from flows import serving

    publish = serving.publish

    def publish_and_die(*arguments) -> None:
        publish(*arguments)
        die()

    serving.publish = publish_and_die


def after_the_message(die: Die) -> None:
    """A channel has taken the message, the ledger does not know it yet."""
    from flows.steps.alerting import telling

    record = telling._record

    def record_or_die(rows: list[dict], event: str, *arguments) -> None:
        die() if event == "notified" else record(rows, event, *arguments)

    telling._record = record_or_die


def after_five_models(die: Die) -> None:
    """dbt has built five of its models."""
    from dbt.task.run import ModelRunner

    built, execute = [], ModelRunner.execute

    def execute_and_count(self, model, manifest):
        result = execute(self, model, manifest)
        built.append(model.name)
        if len(built) == 5:
            die()
        return result

    ModelRunner.execute = execute_and_count


def serve() -> None:
    """The serving pipeline, as the scheduler runs it."""
    from flows.serving import serving
    from tests.conftest import PROBLEM

    serving.fn(PROBLEM)


def validate() -> None:
    """The validation pipeline, as the scheduler runs it."""
    from flows.validation import validation
    from tests.conftest import PROBLEM

    validation.fn(PROBLEM)


def checkpoint(acknowledged: str, delay: str) -> None:
    """Commit batches and note each as acknowledged, then die by SIGKILL `delay` seconds into a CHECKPOINT."""
    import os
    import signal

    from flows.steps import warehouse

    with warehouse.cursor() as con:
        con.execute("set checkpoint_threshold = '1 TB'")
        con.execute("create or replace table ledger.batches_of_a_test (batch bigint, value double)")
    for batch in range(20):
        with warehouse.transaction() as con:
            con.execute("insert into ledger.batches_of_a_test select ?, random() from range(20000)", [batch])
        with Path(acknowledged).open("a") as file:
            file.write(f"{batch}\n")
    connection = warehouse.connection().cursor()
    writing = threading.Thread(target=connection.execute, args=("checkpoint",), daemon=True)
    writing.start()
    time.sleep(float(delay))
    os.kill(os.getpid(), signal.SIGKILL)
