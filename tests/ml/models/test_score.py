"""Scores stream out in the order rows came in, with reasons where they are wanted, and are audited."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from ml.errors import AsofError
from ml.models.explain import contributions
from ml.models.score import audit_scores, score_batches


def _scored(trained, problem, table, size=700, **options):
    batches = table.combine_chunks().to_batches(max_chunksize=size)
    return pa.Table.from_batches(score_batches(trained.challenger, problem, batches, **options))


def test_every_row_comes_out_once_in_order_whatever_the_batch_size(trained, problem, table):
    few = table.slice(0, 2000)
    one, many = _scored(trained, problem, few, 2000), _scored(trained, problem, few, 37)
    assert one.column_names == ["entity", "as_of", "score", "raw_score", "flagged", "reasons", "rule_score"]
    assert one.equals(many.combine_chunks())
    assert one["entity"].to_pylist() == few["flight_id"].to_pylist()
    np.testing.assert_array_equal(one["score"].to_numpy(), trained.challenger.predict(few))


def test_flags_follow_the_threshold_and_only_flagged_rows_have_reasons(trained, problem, table):
    found = _scored(trained, problem, table.slice(0, 2000))
    flagged = found["flagged"].to_numpy()
    np.testing.assert_array_equal(flagged, found["score"].to_numpy() >= 0.25)
    np.testing.assert_array_equal(found["reasons"].is_valid().to_numpy(), flagged)


def test_a_reason_names_the_feature_its_value_and_its_push(trained, problem, table):
    found = _scored(trained, problem, table.slice(0, 500))
    top = int(np.argmax(found["score"].to_numpy()))
    text, delay = found["reasons"][top].as_py(), table["recent_delay"][top].as_py()
    assert f"recent_delay={delay:.4g} (+" in text
    assert text.count(";") <= 2


def test_contributions_of_all_rows_may_be_asked_for_or_none(trained, problem, table):
    few = table.slice(0, 100)
    every = _scored(trained, replace(problem, explain=replace(problem.explain, rows="all")), few)
    none = _scored(trained, replace(problem, explain=replace(problem.explain, rows="none")), few)
    assert every["reasons"].null_count == 0 and none["reasons"].null_count == 100


def test_contributions_add_up_to_the_log_odds_of_the_row(trained, table):
    matrix = trained.challenger.encode(table)
    raw = trained.challenger.predict_raw(matrix)
    rest = np.log(raw / (1 - raw)) - contributions(trained.challenger, matrix).sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=1e-9)


def test_contributions_name_the_same_features_as_tree_shap_does(trained, table):
    matrix = trained.challenger.encode(table.slice(0, 300))
    ours = contributions(trained.challenger, matrix)
    shap = trained.challenger.booster.predict(matrix, pred_contrib=True)[:, :-1]
    assert np.corrcoef(ours.ravel(), shap.ravel())[0, 1] > 0.98
    assert (np.abs(ours).argmax(axis=1) == np.abs(shap).argmax(axis=1)).mean() > 0.9


def test_explaining_stops_at_its_limit_with_the_highest_scores_first(trained, problem, table):
    found = _scored(trained, problem, table.slice(0, 500), 500, explain_limit=10)
    told = found["reasons"].is_valid().to_numpy()
    assert told.sum() == 10
    assert found["score"].to_numpy()[told].min() >= found["score"].to_numpy()[~told].max()


def test_empty_batches_are_passed_over(trained, problem, table):
    empty = table.slice(0, 0).to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
    assert list(score_batches(trained.challenger, problem, empty)) == []


def test_a_model_with_other_features_scores_nothing(trained, problem, table):
    columns = tuple(column for column in problem.columns if column.name != "wind")
    with pytest.raises(AsofError, match="missing wind"):
        _scored(trained, replace(problem, columns=columns), table)


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([], "no row"),
        ([0.2, None, 0.4], "1 of 3 scores are missing"),
        ([0.2, float("nan")], "1 of 2 scores are missing"),
        ([0.2, 1.4], "outside 0 to 1"),
        ([-0.1, 0.4], "outside 0 to 1"),
        ([0.3] * 60, "all 60 scores are 0.3"),
    ],
)
def test_broken_scores_are_refused(scores, said):
    with pytest.raises(AsofError, match=said):
        audit_scores(pa.array(scores, pa.float64()))


def test_a_rule_may_say_the_same_of_every_row():
    audit_scores(np.full(60, 0.3), may_be_equal=True)


def test_honest_scores_and_a_single_row_pass(trained, table):
    audit_scores(trained.challenger.predict(table))
    audit_scores(pa.chunked_array([[0.3]]))
