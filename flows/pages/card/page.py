"""The model card of a version, as Markdown and HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flows.pages.card import figures as figures
from flows.pages.card import of_task
from flows.pages.card.facts import Card
from flows.pages.card.of_task import ROWS
from flows.pages.html import page
from flows.pages.html.words import METRICS as METRICS
from flows.pages.html.words import VERDICTS, gate, interval, of_one, read, reason
from ml.models.shap import SAMPLE

ANSWER = {True: "holds", False: "fails", None: "open"}


def write(file: Path, card: Card) -> list[Path]:
    """Write the card to `file` (….md) and its HTML version; returns the written files."""
    drawn = {
        **of_task.of(card).drawn(card),
        "slices": figures.slices(
            card.slices, card.found["holdout"].metrics[card.problem.metric].estimate, METRICS[card.problem.metric], card.words
        ),
        "features": figures.looks_at(card.shap, card.importances, of_task.of(card).moved, card.words),
    }
    return page.write(file, f"Model card: {card.row['model_version']}", markdown(card), drawn)


def markdown(card: Card) -> str:
    """The text of the card."""
    parts = (_head, _purpose, _quality, _value, _judged, _slices, _features, _errors, _training, _limits, _reproduce)
    return "\n\n".join(text for part in parts for text in part(card))


def _head(card: Card) -> Iterator[str]:
    row, live = card.row, card.found.get("live")
    yield f"# {row['model_version']}"
    yield f"The model that answers: **{card.problem.title}**"
    best = card.found["holdout"].metrics[card.problem.metric]
    rule = card.found["rule"].metrics[card.problem.metric]
    yield (
        f"{_champion_period(card)} On {card.found['holdout'].rows:,} rows that it had not seen, {METRICS[card.problem.metric]} "
        f"({read(card.problem.metric)}) is {_three(best.estimate)}; "
        f"the rule, the answer without machine learning, reaches {_three(rule.estimate)}."
        + (f" In production, on {live.rows:,} rows, it is {_three(live.metrics[card.problem.metric].estimate)}." if live else "")
    )
    label, *threshold = of_task.of(card).head(card).items()
    trees = row["rounds"] * card.model.spec.get("members", 1) * max(1, len(card.problem.classes))
    yield page.table(
        ["problem", "trained as of", "training rows", label[0], "features", "trees", *(name for name, _ in threshold)],
        [[f"`{card.problem.name}`", _at(row["trained_as_of"]), row["rows_trained"], label[1], len(card.model.features), trees,
          *(value for _, value in threshold)]],
    )  # fmt: skip


def _champion_period(card: Card) -> str:
    mine = [one for one in card.promotions if one["model_version"] == card.row["model_version"]]
    if not mine:
        return "It has never been champion."
    left = [
        one
        for one in card.promotions
        if one["effective_at"] >= mine[-1]["effective_at"] and one["previous"] == card.row["model_version"]
    ]
    until = f" until {_at(left[-1]['effective_at'])}" if left else ""
    return f"Champion {'from' if left else 'since'} {_at(mine[-1]['effective_at'])}{until}."


def _purpose(card: Card) -> Iterator[str]:
    problem, framing = card.problem, getattr(card.problem, "framing", None)
    yield "## What it is for"
    yield f"**{problem.title}** {problem.goal}"
    entries = {
        "Business goal": getattr(framing, "business_goal", None),
        "Ideal outcome": getattr(framing, "ideal_outcome", None),
        "Output": getattr(framing, "model_output", None) or of_task.of(card).output,
        "Owner": problem.owner,
        "Data use": getattr(framing, "data_use", None),
        "Regulation": getattr(framing, "regulation", None),
    }
    yield "\n".join(f"- {name}: {text}" for name, text in entries.items() if text)


def _quality(card: Card) -> Iterator[str]:
    holdout = card.found["holdout"]
    yield "## How good it is"
    yield (
        f"The **holdout** is what was due from {_at(card.row['holdout_from'])} on and known before "
        f"{_at(card.row['trained_as_of'])}: "
        f"{holdout.rows:,} rows on {holdout.clusters} {card.problem.cluster_unit}. There a holdout model is measured: "
        f"the same recipe, fitted without those "
        "rows and without any later label. The deployed model is the refit on everything."
        + (" **In production**: every row this version scored whose outcome is known by now." if "live" in card.found
           else " It has scored no row in production whose outcome is known.")
    )  # fmt: skip
    kinds = card.found.values()
    yield page.table(
        ["", *(ROWS[kind] for kind in card.found)],
        [["rows", *(f"{one.rows:,}" for one in kinds)], *of_task.of(card).counts(card),
         *([METRICS[name], *(interval(one.metrics[name]) for one in kinds)] for name in holdout.metrics)],
    )  # fmt: skip
    meant: dict[str, list[str]] = {}
    for name in holdout.metrics:
        meant.setdefault(read(name), []).append(METRICS[name])
    yield (
        "; ".join(f"{', '.join(names)}: {told}" for told, names in meant.items())
        + f". In brackets: 95 % intervals over {card.problem.cluster_unit}, whose rows err together."
    )
    yield from of_task.of(card).shown(card)


def _value(card: Card) -> Iterator[str]:
    yield from of_task.of(card).value(card)


def _judged(card: Card) -> Iterator[str]:
    yield "## How it was judged"
    if not card.verdicts:
        yield "It has not been judged."
    else:
        last = card.verdicts[-1]
        against = of_whom(last["champion"], card.before)
        yield (
            f"**{last['decision']}** as of {_at(last['decided_as_of'])}, against {against}, on {last['rows_judged']:,} rows and "
            f"{last['clusters']} {card.problem.cluster_unit} that neither had seen. {VERDICTS}"
        )
        yield page.table(
            ["asked", "", "estimate", "interval", "threshold", "what was found"],
            [[_gate(card, one["gate"]), ANSWER[one["passed"]], _number(one["estimate"]), _span(one["low"], one["high"]),
              _number(one["threshold"]),
              card.told(reason(one, card.gates, card.words))] for one in card.gates],
        )  # fmt: skip
    yield "### Decisions"
    reasons = {verdict["reason"] for verdict in card.verdicts}
    entries = [
        (v["decided_as_of"], f"judged {v['decision']}: {card.told(reason(v, card.gates, card.words))}") for v in card.verdicts
    ]
    for one in card.promotions:
        mine = one["model_version"] == card.row["model_version"]
        what = f"{one['kind']} to champion" if mine else f"{one['model_version']} takes over"
        because = "by that verdict" if one["reason"] in reasons else page.harmless(one["reason"])
        entries.append((one["effective_at"], f"{what}, {because}" if mine else what))
    yield "\n".join(f"- {_at(at)}: {text}" for at, text in sorted(entries, key=lambda one: one[0])) or "None yet."


def of_whom(champion: str | None, before: str | None) -> str:
    """Against whom a version was judged: a champion, or the rule, which may itself have been the champion before."""
    if champion:
        return f"the champion {champion}"
    return f"the rule, which was champion as {before}" if before else "the rule alone: there was no champion"


def _slices(card: Card) -> Iterator[str]:
    if not card.slices:
        return
    yield "## By slice"
    small = [
        f"{page.harmless(card.words(one.column).say(one.value))} ({one.rows:,})" for one in card.slices if one.quality is None
    ]
    yield (
        "Holdout rows, scored by the holdout model. The intervals are 95 % each, not corrected for their number."
        + (f" Too few rows to say: {', '.join(small)}." if small else "")
    )
    yield f"![{METRICS[card.problem.metric]} by declared slice, with its number of rows](slices.svg)"


def _features(card: Card) -> Iterator[str]:
    yield "## What it looks at"
    yield (
        f"Exact SHAP values of the deployed model on {len(card.shap.values):,} holdout rows, drawn at random (seed "
        f"{card.problem.training.seed}; they cost 8 ms of CPU a row, so not more than {SAMPLE}), before calibration. "
        f"To the right of the line a value raised the score, to the left it lowered it. They say what moves "
        "the model, not what causes the outcome."
    )
    yield "![The strongest features: SHAP value by row, and share of the gain in training](features.svg)"
    about = {column.name: column.description for column in card.problem.features}
    strongest = [(at, card.shap.features[at]) for at in card.shap.strongest(6)]
    yield page.table(
        ["feature", "moves a score by (mean abs. SHAP)", "share of what was learned (gain)", "column and what it is"],
        [[page.harmless(card.words(name).name), f"{card.shap.weight[at]:.3f}", f"{card.importances.get(name, 0):.1%}",
          f"`{name}`: {page.harmless(about.get(name, ''))}"] for at, name in strongest],
    )  # fmt: skip


def _errors(card: Card) -> Iterator[str]:
    yield "## Where it fails"
    if not card.errors:
        yield "No wrong decision in production is known."
        return
    if card.shared:
        yield (
            f"What its errors of the last quarter share: slices of one or two features, of "
            f"{card.shared[0]['slices_looked_at']:,} looked "
            "at, that err more than all other rows on the same days beyond chance (95 %, clustered by day, corrected "
            "for their number). "
            "Overlapping slices are named once."
        )
        yield page.table(
            ["slice", "rows", "wrong", "the rest", "more (interval)", "mean score", "came true"],
            [[_slice(card, one), one["rows"], f"{one['error_rate']:.1%}", f"{one['rest_error_rate']:.1%}",
              f"{one['difference']:+.1%} ({one['low']:+.1%} to "
              f"{one['high']:+.1%})", f"{one['mean_score']:.2f}", f"{one['label_rate']:.2f}"]
             for one in card.shared],
        )  # fmt: skip
    else:
        yield "No slice of the last quarter errs more than the rest beyond chance."
    yield "The worst single errors, by cost and confidence:"
    yield page.table(
        [page.harmless(of_one(card.problem)), "as of", "score", "the rule", "error", "cost", "what moved the score"],
        [[f"`{one['entity_id']}`", _at(one["as_of"]), f"{one['score']:.3f}", f"{one['rule_score']:.3f}", one["error"],
          f"{one['cost']:g}", page.plain(one["reasons"] or "not explained")]
         for one in card.errors],
    )  # fmt: skip


def _training(card: Card) -> Iterator[str]:
    spec, row, policy = card.model.spec, card.row, card.problem.feedback
    families: dict[str, int] = {}
    for name in card.model.features:
        families[name.split("_")[0]] = families.get(name.split("_")[0], 0) + 1
    yield "## Training data"
    facts = {
        "Rows": f"{row['rows_trained']:,} whose label was known before {_at(row['trained_as_of'])}",
        "Oldest": f"as of {spec['first_as_of'][:16]}",
        "Label": of_task.of(card).label(card),
        "Window": f"{spec['window_days']} days" if spec.get("window_days") else "all of history",
        "Features": f"{len(card.model.features)}: " + ", ".join(f"{family} {n}" for family, n in families.items()),
        "Corrections by people": f"{policy.use_in_training} become labels (where they disagree: {policy.conflict})",
        "Fingerprint": f"`{row['data_fingerprint']}`",
    }
    yield "\n".join(f"- {name}: {text}" for name, text in facts.items())


def _limits(card: Card) -> Iterator[str]:
    framing = getattr(card.problem, "framing", None)
    yield "## Intended use and limits"
    entries = [
        f"For decisions of that instant alone ({page.harmless(card.words(card.problem.as_of).about)}, `{card.problem.as_of}`), "
        f"one per `{card.problem.entity}`, and for no other question.",
        f"It speaks for rows like those from {card.model.spec['first_as_of'][:10]} to {row_date(card)}; when they "
        f"change, drift says so.",
        of_task.of(card).limit,
        "Slices with few rows may be worse than they look.",
    ]
    entries += [f"{one.risk} Answer: {one.answer}" for one in getattr(framing, "risks", ())]
    entries += [f"Misuse by {one.who}: {one.how} Guard: {one.guard}" for one in getattr(framing, "misuse", ())]
    entries += list(getattr(framing, "assumptions", ()))
    yield "\n".join(f"- {text}" for text in entries)


def row_date(card: Card) -> str:
    """The last day of training."""
    return f"{card.row['trained_as_of']:%Y-%m-%d}"


def _members(spec: Mapping[str, Any]) -> str:
    return f" for each of {spec['members']} members" if "members" in spec else ""


def _reproduce(card: Card) -> Iterator[str]:
    spec, row = card.model.spec, card.row
    yield "## Reproduce it"
    yield (
        f"The same rows, code and seed give the same bytes. It took {row['seconds']:.0f} s; early stopping chose "
        f"{spec['best_round']} rounds, the refit has {spec['rounds']}{_members(spec)}. "
        f"Calibration: {card.model.calibrator['kind']}."
    )
    params = ", ".join(f"{name} {value}" for name, value in sorted(spec["params"].items()))
    facts = {
        "sha256": f"`{row['sha256']}`", "features": f"`{row['feature_hash']}`", "declaration": f"`{spec['spec_hash']}`",
        "code": f"`{row['code_version']}`", "seed": card.problem.training.seed, "parameters": params,
        "card written as of": f"{_at(card.now)} UTC",
    }  # fmt: skip
    yield page.table(["", ""], [[name, str(value)] for name, value in facts.items()])


def _slice(card: Card, one: dict) -> str:
    """A slice in words, and in brackets as the tables have it."""
    cells = [(one["feature_1"], str(one["cell_1"])), (one["feature_2"], str(one["cell_2"]))]
    words = " and ".join(card.words(feature).cell(cell) for feature, cell in cells if feature)
    raw = " and ".join(f"`{feature}` {page.harmless(cell)}" for feature, cell in cells if feature)
    return f"{page.harmless(words)} ({raw})"


def _gate(card: Card, name: str) -> str:
    """What a gate asks, and in brackets its name, or the column of its slice."""
    raw = name.removeprefix("slice ").partition("=")[0]
    return f"{page.harmless(gate(name, card.words))} (`{raw}`)"


def _at(instant) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value + 0:.4g}"


def _three(value: float) -> str:
    return f"{value:.3f}"


def _span(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.4g} to {high:.4g}"
