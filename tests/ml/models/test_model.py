"""A model travels as a row, and is read only when every byte is the one that was written."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.errors import AsofError
from ml.models.model import Model


def test_a_model_survives_the_way_through_its_row(trained, table):
    read = Model.from_row(trained.challenger.to_row())
    np.testing.assert_array_equal(read.predict(table), trained.challenger.predict(table))
    assert Model.from_json(trained.holdout_model.to_json()).sha256 == trained.holdout_model.sha256


def test_a_name_is_two_words_and_the_date(trained):
    assert re.fullmatch(r"[a-z]+-[a-z]+-20130701", trained.challenger.name)


def test_the_text_holds_trees_only(trained):
    text = trained.challenger.text
    assert text.endswith("end of trees\n") and "num_threads" not in text


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_changed_character_is_refused_before_lightgbm_sees_it(trained, data):
    row = trained.challenger.to_row()
    key = data.draw(st.sampled_from(["model"] * 5 + ["sha256", "problem", "model_version"]))
    place = data.draw(st.integers(0, len(row[key]) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda c: c != row[key][place]))
    row[key] = row[key][:place] + letter + row[key][place + 1 :]
    with pytest.raises(AsofError, match=r"damaged.*restore model_versions"):
        Model.from_row(row)


@pytest.mark.parametrize("key", ["text", "calibrator", "categories", "features", "spec", "problem"])
def test_a_change_is_refused_even_when_its_json_is_whole(trained, key):
    parts = json.loads(trained.challenger.to_json())
    parts[key] = {"text": parts["text"].replace("leaf_value=", "leaf_value=9", 1), "problem": "other"}.get(key)
    changed = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    with pytest.raises(AsofError, match="damaged"):
        Model.from_json(changed)


def test_damage_is_found_without_lightgbm_being_imported(trained, tmp_path):
    row = {key: value for key, value in trained.challenger.to_row().items() if isinstance(value, str)}
    row["model"] = row["model"].replace("leaf_value=", "leaf_value=9", 1)
    code = (
        "import json, sys; from ml.models.model import Model; from ml.errors import AsofError\n"
        f"row = json.load(open({str(tmp_path / 'row.json')!r}))\n"
        "try: Model.from_row(row)\n"
        "except AsofError as error: print('lightgbm' in sys.modules, error)"
    )
    (tmp_path / "row.json").write_text(json.dumps(row))
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_path())
    assert said.stdout.startswith("False model") and "restore model_versions" in said.stdout


def test_a_row_with_a_part_missing_is_an_error_that_names_the_model(trained):
    row = trained.challenger.to_row()
    del row["model"]
    with pytest.raises(AsofError, match=f"{trained.challenger.name}.*model is missing"):
        Model.from_row(row)


def test_reordered_columns_give_the_same_prediction(trained, table):
    turned = table.select(table.column_names[::-1])
    np.testing.assert_array_equal(trained.challenger.predict(turned), trained.challenger.predict(table))


def test_a_record_batch_a_table_and_a_matrix_give_the_same_prediction(trained, table):
    model, batch = trained.challenger, table.combine_chunks().to_batches()[0]
    np.testing.assert_array_equal(model.predict(batch), model.predict(table))
    np.testing.assert_array_equal(model.predict(model.encode(table)), model.predict(table))


def test_an_unseen_category_and_a_missing_one_are_predicted_as_unknown(trained, table):
    place, few = table.schema.get_field_index("carrier"), table.slice(0, 50)
    unseen = few.set_column(place, "carrier", pa.array(["ZZ"] * 50))
    missing = few.set_column(place, "carrier", pa.nulls(50, pa.string()))
    np.testing.assert_array_equal(trained.challenger.predict(unseen), trained.challenger.predict(missing))
    assert np.isfinite(trained.challenger.predict(unseen)).all()


def test_a_dictionary_column_does_not_end_the_process(trained, table):
    place = table.schema.get_field_index("carrier")
    coded = table.set_column(place, "carrier", table["carrier"].combine_chunks().dictionary_encode())
    np.testing.assert_array_equal(trained.challenger.predict(coded), trained.challenger.predict(table))


def test_a_missing_column_is_named(trained, table):
    with pytest.raises(AsofError, match="lack the columns wind"):
        trained.challenger.predict(table.drop_columns(["wind"]))


def test_a_date_where_a_number_was_is_named(trained, table):
    place = table.schema.get_field_index("wind")
    with pytest.raises(AsofError, match="column wind arrives as timestamp"):
        trained.challenger.predict(table.set_column(place, "wind", table["as_of"]))


def test_a_matrix_of_another_width_is_refused(trained):
    with pytest.raises(AsofError, match="needs 5 columns"):
        trained.challenger.predict(np.zeros((3, 4)))


def test_no_rows_give_no_predictions(trained, table):
    assert len(trained.challenger.predict(table.slice(0, 0))) == 0


def test_other_features_are_refused_with_their_names(trained, problem):
    trained.challenger.check(problem)
    columns = tuple(replace(c, name="gust") if c.name == "wind" else c for c in problem.columns)
    with pytest.raises(AsofError, match="added gust; missing wind"):
        trained.challenger.check(replace(problem, columns=columns))


def test_the_order_of_the_declaration_is_no_other_feature(trained, problem):
    trained.challenger.check(replace(problem, columns=problem.columns[::-1]))


def _path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
