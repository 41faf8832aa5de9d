"""A look at the past in a process of its own, in a scratch warehouse: what landed up to an instant, and models built of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from flows.runtime import child


def look(job: dict) -> dict:
    """Land the first `share` of what the `sources` hold, if there are any, then build the models of `select`.

    `anew`: problems that were built before are forgotten. Returns the instants between which things were known, and up to which
    they landed; without a feed everything that lies in the landing folder lands.
    """
    from flows.runtime import dbt, warehouse
    from flows.steps.data import building

    if job["anew"]:
        with warehouse.cursor() as con:
            con.execute("drop schema if exists problems cascade")
    building.prepare()
    spans = _land(job["sources"], job["share"]) if job["sources"] else {}
    dbt.run("run", job["select"])
    return spans


def _land(names: list[str], share: float) -> dict:
    from flows.runtime import settings, warehouse
    from flows.steps.data import landing_zone
    from flows.steps.data.feeds import feed
    from flows.steps.data.feeds.archive import ARCHIVE
    from flows.steps.data.landing.landing import land_all
    from flows.store import clock, ledger

    every = {one.name: one for one in landing_zone.sources()}
    asked = [every[name].made.of for name in names if name in every and every[name].made]
    some = [every[name] for name in dict.fromkeys([*names, *filter(None, asked)]) if name in every]
    folder, fed = settings.landing_folder(), [one for one in some if one.feed]
    kept = [one.path for one in fed]
    for other in sorted((folder / ARCHIVE).rglob("*")):  # of this scratch: what belongs to other problems is not looked at
        name = other.relative_to(folder / ARCHIVE).as_posix()
        if other.is_dir() and not any(
            path == name or path.startswith(f"{name}/") or name.startswith(f"{path}/") for path in kept
        ):
            shutil.rmtree(other)
    first = last = until = ledger.wall_clock()
    feeds = [feed(name, [one for one in fed if one.feed == name], folder) for name in sorted({one.feed for one in fed})]
    if feeds:
        first, last = min(one.first for one in feeds), max(one.last for one in feeds)
        until = (first + (last - first) * share).replace(minute=0, second=0, microsecond=0)
    landing_zone.deliver(feeds, folder, first, until, "month")
    with warehouse.cursor() as con:
        land_all(con, some, folder, until)
    clock.move(until)
    return {"until": str(until), "last": str(last) if feeds else ""}


def _answer(job: dict, say: Callable[[dict], None]) -> None:
    say(look(job))


if __name__ == "__main__":
    child.answer(_answer)
