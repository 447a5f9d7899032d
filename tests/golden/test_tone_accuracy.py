"""How right the lexicon and the measure of generic comments are on real ones labelled by hand."""

import polars as pl
import pytest
from bench.tone import SIZES, TONES, drawn, generic_auc, score
from tests.conftest import ROOT

from claqueur.texts.tone import chosen_tone

pytestmark = pytest.mark.shared

FLOORS = {
    "test": {"accuracy": 0.62, "macro_f1": 0.60, "precision": 0.58, "recall": 0.51},
    "words": {"accuracy": 0.78, "macro_f1": 0.58, "precision": 0.87, "recall": 0.91},
    "form": {"accuracy": 0.60, "macro_f1": 0.60, "precision": 0.66, "recall": 0.52},
}
"""A little below what docs/tone.md states; precision and recall are of positive comments."""


@pytest.fixture(scope="module")
def scores(shared):
    return {sample: score(chosen_tone(""), sample) for sample in SIZES}


@pytest.mark.parametrize("sample", FLOORS)
def test_the_lexicon_is_no_worse_than_stated(scores, sample):
    found = scores[sample]
    told = {
        "accuracy": found.accuracy,
        "macro_f1": found.macro_f1,
        "precision": found.precision()[0],
        "recall": found.recall()[0],
    }
    assert {name: told[name] >= floor for name, floor in FLOORS[sample].items()} == dict.fromkeys(
        told, True
    ), told


def test_few_other_comments_are_told_to_be_positive(scores):
    assert scores["test"].false_positive()[0] <= 0.03


def test_docs_state_the_table_that_was_measured(scores):
    text = (ROOT / "docs" / "tone.md").read_text(encoding="utf-8")
    for name, row in zip(TONES.values(), scores["test"].table, strict=True):
        assert f"| {name} | {' | '.join(map(str, row))} |" in text


def test_the_labels_are_of_the_rows_that_were_drawn(shared):
    labels = pl.read_csv(ROOT / "tests" / "golden" / "tone_labels.csv")
    texts = pl.read_parquet(shared / "vk_comments" / "comments.parquet", columns=["text"])["text"]
    for sample, rows in drawn(texts).items():
        assert labels.filter(pl.col("sample") == sample)["row"].to_list() == rows.tolist()
    assert set(labels["label"]) == set(TONES)


def test_generic_comments_are_told_from_others(shared):
    assert generic_auc()[0] >= 0.72
