"""Real comments, which carry no labels: what is similar is found, next to nobody is confirmed."""

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_array, triu

from claqueur.pipeline import detect_files
from claqueur.settings import CoAction, Grouping, Reading
from claqueur.texts.corpus import Corpus
from claqueur.texts.near import SIMILAR, similar_pairs
from claqueur.texts.normal import normal

FIRST = 20_000


@pytest.fixture(scope="module")
def comments(shared) -> pl.DataFrame:
    return pl.read_parquet(shared / "vk_comments" / "comments.parquet")


@pytest.fixture(scope="module")
def forms(comments) -> list[str]:
    return Corpus.of(comments["text"].head(FIRST)).forms


def runs(text: str) -> set[str]:
    """Every run of five letters, once."""
    return {text[at : at + 5] for at in range(len(text) - 4)}


def all_pairs(forms: list[str], least: float) -> set[tuple[int, int]]:
    """All pairs so similar, found without hashes and without chance.

    Two sets can only be so similar if they share one of the n - least n + 1 rarest members that
    either has (R. Bayardo, Y. Ma, R. Srikant, WWW 2007): pairs that do are compared in full.
    """
    sets = [runs(form) for form in forms]
    number = {run: place for place, run in enumerate(sorted(set().union(*sets)))}
    size = np.array([len(own) for own in sets])
    text = np.repeat(np.arange(len(sets)), size)
    run = np.array([number[each] for own in sets for each in own])
    order = np.lexsort((run, np.bincount(run)[run], text))
    place = np.arange(len(run)) - np.repeat(np.cumsum(size) - size, size)
    rare = place < size[text] - np.ceil(least * size[text] - 1e-9) + 1
    has = csr_array((np.ones(rare.sum(), np.int32), (text[rare], run[order][rare])))
    met = triu(has @ has.T, 1).tocoo()
    small, large = np.sort(size[[met.row, met.col]], axis=0)
    could = small >= least * large
    return {
        (i, j)
        for i, j in zip(met.row[could].tolist(), met.col[could].tolist(), strict=True)
        if (1 + least) * len(sets[i] & sets[j]) >= least * (len(sets[i]) + len(sets[j]))
    }


def test_nearly_all_similar_pairs_are_found_and_no_other(forms):
    exact = all_pairs(forms, SIMILAR)
    a, b = similar_pairs(forms)
    found = set(zip(a.tolist(), b.tolist(), strict=True))
    assert len(exact) > 50
    assert found <= exact
    assert len(found) >= 0.97 * len(exact)


def test_real_comments_are_written_alike_once_and_for_all(forms):
    again = [normal(form) for form in forms]
    assert sum(one != other for one, other in zip(forms, again, strict=True)) <= 0.001 * len(forms)


def test_next_to_nobody_is_confirmed(comments, tmp_path):
    """No post is known, so a page's hour stands in for it. In November 2026 there were two."""
    hour = pl.col("datetime").cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%d %H")
    comments.select(
        "text",
        account_id="user_id_hashed",
        owner_id=pl.col("media").cast(pl.String),
        object_id=pl.concat_str(pl.col("media").cast(pl.String), hour, separator=" "),
    ).write_parquet(tmp_path / "comments.parquet")
    found = detect_files(
        [tmp_path / "comments.parquet"], tmp_path, CoAction(layer=("co_text",)), reading=Reading(),
        grouping=Grouping(),
    )  # fmt: skip
    texts = found.run["texts"]
    assert texts["comments"] > 80_000
    assert texts["family"] > 5_000
    assert texts["rare_templates"] > 1_000
    assert texts["confirmed"] <= 5
    assert found.accounts.height <= 5
