"""What the macros must return, in plain Python loops over plain tuples: no SQL, no shared code, no cleverness."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import sqrt

from tests.macros.cases import Ask, Fact

Answer = dict[tuple, tuple]
MIDNIGHT = timedelta(days=1)


def _low(value: object) -> tuple:
    """A sort key under which null is lower than everything."""
    return (value is not None, value) if value is not None else (False,)


def _order(*values: object) -> tuple:
    return tuple(_low(v) for v in values)


def _known(facts: Iterable[Fact], ask: Ask) -> list[Fact]:
    found = []
    for f in facts:
        mine = ask.k is not None and f.k == ask.k and f.case_id == ask.case_id
        if mine and f.known_at is not None and f.known_at < ask.as_of:
            found.append(f)
    return found


def _corrected(facts: Iterable[Fact], ask: Ask) -> list[Fact]:
    """The latest known version of each fact of the case, known since its first version, if that version is of the key."""
    facts_then: dict[datetime, list[Fact]] = {}
    for f in facts:
        if f.case_id == ask.case_id and f.known_at is not None and f.known_at < ask.as_of:
            facts_then.setdefault(f.event_at, []).append(f)
    found = []
    for versions in facts_then.values():
        versions.sort(key=lambda f: _order(f.known_at, f.x, f.s, f.k))
        if ask.k is not None and versions[-1].k == ask.k:
            found.append(versions[-1]._replace(known_at=versions[0].known_at))
    return found


def corrected(answer: Callable[[list[Fact], list[Ask]], Answer], later: timedelta = timedelta(0)) -> Callable[..., Answer]:
    """The answer to each ask by itself, over the facts as they are corrected `later` than it."""
    return lambda facts, spine: {
        key: row for ask in spine for key, row in answer(_corrected(facts, ask._replace(as_of=ask.as_of + later)), [ask]).items()
    }


def corrected_global(facts: list[Fact], spine: list[Ask], window: timedelta) -> Answer:
    """n and total of the facts of all cases and keys together, each case's facts being facts of their own."""
    answer: Answer = {}
    for ask in spine:
        seen = [f for case in {f.case_id for f in facts} for k in {f.k for f in facts}
                for f in _corrected(facts, Ask(case, k, ask.as_of)) if f.known_at >= ask.as_of - window]  # fmt: skip
        xs = [f.x for f in seen if f.x is not None]
        answer[(ask.as_of,)] = (len(seen), float(sum(xs)) if xs else None)
    return answer


def last_before(facts: list[Fact], spine: list[Ask], within: timedelta | None = None) -> Answer:
    """(x, s, seen_at) of the fact known last, if not longer ago than `within`; ties by event_at, then x, then s."""
    answer: Answer = {}
    for ask in spine:
        known = [f for f in _known(facts, ask) if within is None or ask.as_of - f.known_at <= within]
        seen = sorted(known, key=lambda f: _order(f.known_at, f.event_at, f.x, f.s))
        answer[tuple(ask)] = (seen[-1].x, seen[-1].s, seen[-1].known_at) if seen else (None, None, None)
    return answer


def version_before(facts: list[Fact], spine: list[Ask]) -> Answer:
    """(event_at, x, s) of the latest event, in the version known last."""
    answer: Answer = {}
    for ask in spine:
        seen = sorted(_known(facts, ask), key=lambda f: _order(f.event_at, f.known_at, f.event_at, f.x, f.s))
        answer[tuple(ask)] = (seen[-1].event_at, seen[-1].x, seen[-1].s) if seen else (None, None, None)
    return answer


def valid_before(facts: list[Fact], spine: list[Ask]) -> Answer:
    """(x, s) of the version that has begun last, as known last, unless it has ended."""
    answer: Answer = {}
    for ask in spine:
        begun = [f for f in _known(facts, ask) if f.event_at <= ask.as_of]
        begun.sort(key=lambda f: _order(f.event_at, f.known_at, f.x, f.s, f.ends_at))
        holds = begun and (begun[-1].ends_at is None or begun[-1].ends_at > ask.as_of)
        answer[tuple(ask)] = (begun[-1].x, begun[-1].s) if holds else (None, None)
    return answer


def label_within(
    facts: list[Fact], spine: list[Ask], horizon: timedelta, delay: timedelta, now: datetime, early: bool = False
) -> Answer:
    """(label, label_known_at), both null until the label is known before the clock."""
    answer: Answer = {}
    for ask in spine:
        matures_at = ask.as_of + horizon + delay
        proofs = []
        for f in facts:
            mine = ask.k is not None and (f.case_id, f.k) == (ask.case_id, ask.k)
            happens = ask.as_of < f.event_at <= ask.as_of + horizon
            if mine and happens and f.known_at is not None and f.known_at < matures_at:
                proofs.append(f.known_at)
        label, known_at = (1, min(proofs) if early else matures_at) if proofs else (0, matures_at)
        answer[tuple(ask)] = (label, known_at) if known_at < now else (None, None)
    return answer


def label_over(
    facts: list[Fact],
    spine: list[Ask],
    horizon: timedelta,
    delay: timedelta,
    now: datetime,
    measure: Callable,
    otherwise: object = None,
    where: Callable = lambda f: True,
) -> Answer:
    """(label, label_known_at), both null until the horizon and the delay are over before the clock."""
    answer: Answer = {}
    for ask in spine:
        matures_at = ask.as_of + horizon + delay
        happened = []
        for f in facts:
            mine = ask.k is not None and (f.case_id, f.k) == (ask.case_id, ask.k)
            if mine and ask.as_of < f.event_at <= ask.as_of + horizon and f.known_at is not None and f.known_at < matures_at:
                happened += [f] if where(f) else []
        label = measure(happened) if happened else otherwise
        answer[tuple(ask)] = (label, matures_at) if matures_at < now else (None, None)
    return answer


def total_x(facts: list[Fact]) -> int | None:
    """The sum of x, null over nothing."""
    xs = [f.x for f in facts if f.x is not None]
    return sum(xs) if xs else None


def least_letter(facts: list[Fact]) -> str | None:
    """The first letter, null where none is known."""
    return min((f.s for f in facts if f.s is not None), default=None)


def positive(fact: Fact) -> bool:
    """Whether x is above 0."""
    return fact.x is not None and fact.x > 0


def aggregate_last(facts: list[Fact], spine: list[Ask], counts: list[int | None]) -> Answer:
    """n, total, mean, lo, big, age, span and kinds of the last so many facts, measure by measure."""
    answer: Answer = {}
    for ask in spine:
        known = sorted(_known(facts, ask), key=lambda f: _order(f.known_at, f.event_at, f.x, f.s))
        per_count = []
        for count in counts:
            some = known if count is None else known[-count:]
            xs = [f.x for f in some if f.x is not None]
            age, span = (
                (ask.as_of - f.known_at) / timedelta(seconds=1) if some else None for f in (some[-1:] + some[:1] or [None] * 2)
            )
            per_count.append([
                len(some), float(sum(xs)) if xs else None, _mean(xs), min(xs, default=None), _mean([int(x > 2) for x in xs]),
                age, span, len({f.s for f in some if f.s is not None}),
            ])  # fmt: skip
        answer[tuple(ask)] = tuple(value for measure in zip(*per_count, strict=True) for value in measure)
    return answer


def aggregate_ahead(facts: list[Fact], spine: list[Ask], windows: list[timedelta]) -> Answer:
    """n, total and next_at of what is scheduled ahead and known before, measure by measure."""
    answer: Answer = {}
    for ask in spine:
        per_window = []
        for window in windows:
            some = [f for f in _known(facts, ask) if ask.as_of < f.event_at <= ask.as_of + window]
            xs = [f.x for f in some if f.x is not None]
            per_window.append([len(some), float(sum(xs)) if xs else None, min((f.event_at for f in some), default=None)])
        answer[tuple(ask)] = tuple(value for measure in zip(*per_window, strict=True) for value in measure)
    return answer


def cohort(facts: list[Fact], start: datetime, until: datetime, every: timedelta, at_least: int, within: timedelta) -> Answer:
    """The instants at which an entity is asked about."""
    answer: Answer = {}
    for case_id, k in {(f.case_id, f.k) for f in facts if f.k is not None}:
        at = start
        while at <= until:
            seen = _known(facts, Ask(case_id, k, at))
            if len(seen) >= at_least and max(f.known_at for f in seen) >= at - within:
                answer[(case_id, k, at)] = ()
            at += every
    return answer


def _mean(values: list[int]) -> float | None:
    return float(sum(values)) / len(values) if values else None


def _stddev(values: list[int]) -> float | None:
    n = len(values)
    if n < 2:
        return None
    # integers throughout, so that the only roundings are one division and one root
    return sqrt((n * sum(v * v for v in values) - sum(values) ** 2) / (n * (n - 1)))


def _measures(facts: list[Fact], as_of: datetime) -> list[object]:
    xs = [f.x for f in facts if f.x is not None]
    letters = [f.s for f in facts if f.s is not None]

    def by_time(f: Fact) -> tuple:
        return _order(f.known_at, f.x)

    def since(times: list[datetime]) -> float | None:
        return (as_of - max(times)) / timedelta(seconds=1) if times else None

    with_x = sorted((f for f in facts if f.x is not None), key=by_time)
    with_s = sorted((f for f in facts if f.s is not None), key=lambda f: (f.known_at, f.s))
    return [
        len(facts), len(xs), sum(x > 2 for x in xs), _mean([int(x > 2) for x in xs]), float(sum(xs)) if xs else None,
        _mean(xs), _stddev(xs), min(xs, default=None), max(letters, default=None), since([f.known_at for f in facts]),
        since([f.event_at for f in facts]), with_x[0].x if with_x else None, with_s[-1].s if with_s else None,
        sum(xs), len(set(letters)),
    ]  # fmt: skip


def aggregate_before(facts: list[Fact], spine: list[Ask], windows: list[timedelta], distinct: bool) -> Answer:
    """All measures of all windows, measure by measure."""
    answer: Answer = {}
    for ask in spine:
        per_window = []
        for window in windows:
            inside = [f for f in _known(facts, ask) if f.known_at >= ask.as_of - window]
            measures = _measures(inside, ask.as_of)
            per_window.append(measures if distinct else measures[:-1])
        answer[tuple(ask)] = tuple(value for measure in zip(*per_window, strict=True) for value in measure)
    return answer


def subtractable(facts: list[Fact], spine: list[Ask], windows: list[timedelta]) -> Answer:
    """The first seven measures of all windows, measure by measure: those that can be taken back when a fact leaves."""
    return {key: row[: 7 * len(windows)] for key, row in aggregate_before(facts, spine, windows, distinct=False).items()}


def framed(facts: list[Fact], spine: list[Ask], windows: list[timedelta]) -> Answer:
    """The six measures after those of all windows, measure by measure: those that cannot be taken back."""
    n = len(windows)
    return {key: row[7 * n : 13 * n] for key, row in aggregate_before(facts, spine, windows, distinct=False).items()}


def last_before_midnight(facts: list[Fact], spine: list[Ask]) -> Answer:
    """As `last_before`, per last midnight before an ask: what was known at that midnight or earlier."""
    answer: Answer = {}
    for ask in spine:
        midnight = datetime.combine((ask.as_of - timedelta(microseconds=1)).date(), datetime.min.time())
        ((_, row),) = last_before(facts, [ask._replace(as_of=midnight + timedelta(microseconds=1))]).items()
        answer[(*ask[:-1], midnight)] = row
    return answer


def midnights(facts: list[Fact], until: datetime) -> list[Ask]:
    """Every midnight from the end of the day of a key's first fact to `until`."""
    asks = []
    for case_id, k in {(f.case_id, f.k) for f in facts if f.k is not None}:
        times = [f.known_at for f in facts if (f.case_id, f.k) == (case_id, k) and f.known_at is not None]
        if times:
            at = datetime.combine(min(times).date(), datetime.min.time()) + MIDNIGHT
            while at <= until:
                asks.append(Ask(case_id, k, at))
                at += MIDNIGHT
    return asks


def lively(facts: list[Fact], asks: list[Ask], longest: timedelta) -> list[Ask]:
    """Those of the asks that have at least one fact in their longest window."""
    return [a for a in asks if any(f.known_at >= a.as_of - longest for f in _known(facts, a))]
