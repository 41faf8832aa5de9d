"""What children of the tests run."""

from __future__ import annotations

from pathlib import Path


def land_gauges(landing: str, files: str, copied: str) -> None:
    """Land files of a tiny source one after the other, copy warehouse and log after half of them, die with all in the log."""
    import os
    import shutil
    import signal

    from flows.runtime import warehouse
    from flows.steps.data.landing.landing import land
    from tests.flows.steps.data.landed import LEDGER
    from tests.gauges import CLOCK, gauges, put

    with warehouse.cursor() as con:
        con.execute(LEDGER)
        con.execute("set checkpoint_threshold = '1 TB'")
        con.execute("checkpoint")
        for number in range(int(files)):
            put(Path(landing), f"{number:02}.csv", [["a", str(number), f"1987-01-{number + 1:02}T06:00:00Z"]] * 50)
            land(con, gauges(), Path(landing), CLOCK)
            if number == int(files) // 2:
                for part in (warehouse.file(), Path(f"{warehouse.file()}.wal")):
                    shutil.copy(part, copied)
        os.kill(os.getpid(), signal.SIGKILL)
