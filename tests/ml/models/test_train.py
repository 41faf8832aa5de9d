"""Training repeats to the byte, sees nothing too late, and learns what is there."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ml.errors import AsofError
from ml.models import learn
from ml.models.train import train
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.problem.split import known, split
from ml.statistics.evaluate import roc_auc


def test_the_holdout_model_beats_the_rule_on_rows_it_has_not_seen(table, problem, trained):
    label = Rows.of(table, problem).label[trained.holdout]
    rule = table["rule_score"].to_numpy()[trained.holdout]
    assert roc_auc(label, trained.holdout_score) > roc_auc(label, rule) + 0.01


def test_another_thread_count_gives_the_same_bytes(table, problem, trained, now):
    again = train(Rows.of(table, problem), now, threads=1)
    assert (again.challenger.sha256, again.holdout_model.sha256) == (trained.challenger.sha256, trained.holdout_model.sha256)
    assert again.challenger.text == trained.challenger.text
    assert again.challenger.name == trained.challenger.name


def test_another_seed_gives_other_bytes(table, problem, trained, now):
    other = replace(problem, training=replace(problem.training, seed=8))
    assert train(Rows.of(table, other), now).challenger.text != trained.challenger.text


def test_reordered_columns_of_the_table_give_the_same_model(table, problem, trained, now):
    assert train(Rows.of(table.select(table.column_names[::-1]), problem), now).challenger.sha256 == trained.challenger.sha256


def test_labels_that_come_too_late_change_nothing_about_the_holdout_model(table, problem, trained, now):
    used = known(table["as_of"], table["label_known_at"], trained.split.holdout_start)
    assert len(used) == trained.holdout_model.spec["rows"] > len(trained.split.train), (
        "the holdout model learns from the validation part, too"
    )
    label = table["is_disrupted"].to_numpy(zero_copy_only=False).copy()
    later = np.setdiff1d(np.arange(len(label)), used)
    label[later] = ~label[later]
    place = table.schema.get_field_index("is_disrupted")
    turned = train(Rows.of(table.set_column(place, "is_disrupted", pa.array(label)), problem), now)
    assert turned.holdout_model.text == trained.holdout_model.text
    assert turned.holdout_model.calibrator == trained.holdout_model.calibrator
    np.testing.assert_array_equal(turned.holdout_score, trained.holdout_score)


def test_rows_after_now_change_nothing_about_the_challenger(table, problem, now):
    early = np.datetime64(now, "us") - np.timedelta64(15, "D")
    known = table.filter(pc.less(table["label_known_at"], pa.scalar(early)))
    assert train(Rows.of(table, problem), early).challenger.text == train(Rows.of(known, problem), early).challenger.text


def test_the_challenger_trains_on_every_known_row_and_a_little_longer(trained, problem, table, now):
    known = int((table["label_known_at"].to_numpy() < np.datetime64(now)).sum())
    assert trained.challenger.spec["rows"] == known > trained.holdout_model.spec["rows"]
    assert trained.best_round <= trained.rounds <= 1.5 * trained.best_round + 1


def test_a_model_knows_which_rows_it_has_not_seen(table, trained):
    known_at = table["label_known_at"].to_numpy()
    assert trained.holdout_model.unseen(known_at)[trained.holdout].all()
    assert not trained.holdout_model.unseen(known_at)[np.r_[trained.split.train, trained.split.validation]].any()
    assert not trained.challenger.unseen(known_at)[trained.holdout].any()


def test_a_training_window_leaves_older_rows_out(table, problem, now):
    windowed = replace(problem, training=replace(problem.training, window_days=60))
    found = train(Rows.of(table, windowed), now).challenger
    assert found.spec["first_as_of"] >= "2013-05-02"


def test_importances_are_shares_in_falling_order_and_find_the_signal(trained):
    shares = list(trained.importances.values())
    assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1)
    assert next(iter(trained.importances)) == "recent_delay"


def test_weights_of_zero_take_rows_out_of_the_trees(table, problem, now):
    columns = (*problem.columns, replace(problem.columns[4], name="importance", role="weight"))
    weighted = replace(problem, columns=columns)
    heavy = table.append_column("importance", pa.array(np.where(table["carrier"].to_numpy() == "B6", 3.0, 1.0)))
    even = table.append_column("importance", pa.array(np.ones(table.num_rows)))
    assert train(Rows.of(heavy, weighted), now).challenger.text != train(Rows.of(even, weighted), now).challenger.text
    with pytest.raises(AsofError, match="importance holds missing, negative"):
        train(Rows.of(table.append_column("importance", pa.array(np.full(table.num_rows, -1.0))), weighted), now)


def test_progress_is_reported_with_rounds_done_and_to_do(table, problem, now):
    seen = []
    train(Rows.of(table, problem), now, on_progress=lambda *step: seen.append(step))
    assert [stage for stage, *_ in seen[:1]] == ["encode"]
    assert {"first fit", "calibrate", "holdout model", "challenger"} <= {stage for stage, *_ in seen}
    assert seen[-1][1] == seen[-1][2]


def test_a_label_that_is_missing_is_named(table, problem, now):
    parts = split(table["as_of"], table["label_known_at"], now, 20, 20)
    label = table["is_disrupted"].to_pylist()
    label[int(parts.train[5])] = None
    place = table.schema.get_field_index("is_disrupted")
    with pytest.raises(AsofError, match=f"1 of .* known labels in is_disrupted .* 'f{parts.train[5]}'"):
        train(Rows.of(table.set_column(place, "is_disrupted", pa.array(label)), problem), now)


def test_one_class_only_is_refused(table, problem, now):
    place = table.schema.get_field_index("is_disrupted")
    with pytest.raises(AsofError, match="nothing to learn"):
        train(Rows.of(table.set_column(place, "is_disrupted", pa.array([False] * table.num_rows)), problem), now)


def test_a_declared_capacity_sets_the_threshold_from_unseen_scores(table, problem, now):
    limited = replace(problem, decision=replace(problem.decision, capacity_share=0.1))
    found = train(Rows.of(table, limited), now)
    assert np.mean(found.holdout_score >= found.challenger.threshold) == pytest.approx(0.1, abs=0.01)


@pytest.fixture
def short(problem) -> Problem:
    """With a validation part of 100 rows, on which an area is best by chance."""
    training = replace(problem.training, rounds=300, early_stopping_rounds=50)
    return replace(problem, validation_days=10, training=training)


def test_where_an_area_is_best_in_the_first_rounds_the_log_loss_says_how_many_are_kept(short, make_table, now, monkeypatch):
    rows = Rows.of(make_table(1200, seed=10), short)
    found = train(rows, now)
    monkeypatch.setattr(learn, "FEW_ROUNDS", 0)
    by_area = train(rows, now)
    assert by_area.best_round < 10 < found.best_round
    label = rows.label[found.holdout]
    assert roc_auc(label, found.holdout_score) > roc_auc(label, by_area.holdout_score)
    assert found.challenger.spec["stopped_on"] == "binary_logloss", "who reads the model sees what it stopped on"
    assert found.doubt == ""


def test_a_model_that_stops_late_enough_is_the_same_to_the_byte_and_says_nothing_of_it(short, make_table, now, monkeypatch):
    rows = Rows.of(make_table(1200, seed=4), short)
    found = train(rows, now)
    monkeypatch.setattr(learn, "FEW_ROUNDS", 0)
    assert train(rows, now).challenger.sha256 == found.challenger.sha256
    assert "stopped_on" not in found.challenger.spec and found.doubt == ""


def test_a_model_of_few_rounds_by_both_is_kept_with_a_doubt_that_says_what_to_do(short, make_table, now):
    found = train(Rows.of(make_table(1200, seed=24), short), now)
    assert found.best_round < 10 and "stopped_on" not in found.challenger.spec
    assert found.doubt.startswith(f"more than {found.best_round} rounds are no better on the {len(found.split.validation)} rows")
    assert "declare more validation_days" in found.doubt
