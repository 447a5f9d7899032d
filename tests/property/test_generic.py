"""How generic comments are, against the definition written out word by word."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claqueur.texts import generic
from claqueur.texts.corpus import STEM
from claqueur.texts.generic import genericness
from claqueur.texts.normal import normal

WORDS = ["спасибо", "молодцы", "праздник", "праздники", "концерт", "снег", "мост", "город"]
TEXT = st.one_of(
    st.none(), st.just("👍"), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
)
ROWS = st.lists(st.tuples(TEXT, st.integers(0, 3)), min_size=1, max_size=14)
POSTS = st.lists(TEXT, min_size=4, max_size=4)


def stems(text):
    return {word[:STEM] for word in normal(text or "").split()}


def written_out(comments, posts, threads):
    """Generic and fit of every comment, from the definition."""
    forms = [normal(text or "") for text in comments]
    rows = [row for row, form in enumerate(forms) if form]
    return [
        scored(row, forms, rows, posts, threads) if forms[row] else (None, None)
        for row in range(len(forms))
    ]


def scored(row, forms, rows, posts, threads):
    here = [other for other in rows if threads[other] == threads[row]]
    others = [other for other in here if forms[other] != forms[row]]
    away = [other for other in rows if threads[other] != threads[row]]
    post = next(
        (
            posts[o]
            for o in range(len(posts))
            if threads[o] == threads[row] and posts[o] is not None
        ),
        None,
    )
    bits = found = said = 0.0
    for stem in stems(forms[row]):
        count_away = sum(stem in stems(forms[other]) for other in away)
        if count_away > generic.COMMON * len(away) + generic.COMMON_COUNT:
            continue
        rate_away = (count_away + 1) / (len(away) + 2)
        in_post = stem in stems(post)
        count = sum(stem in stems(forms[other]) for other in others) + generic.POST * in_post
        size = len(others) + generic.POST * (post is not None)
        rate_here = (count + generic.PRIOR * rate_away) / (size + generic.PRIOR)
        surprise = -math.log2(rate_away)
        bits += max(surprise - generic.EVERYDAY_BITS, math.log2(rate_here / rate_away), 0)
        said += surprise
        found += surprise * in_post
    fit = None if post is None else found / said if said else 0.0
    return 2 ** (-bits / generic.HALF_BITS), fit


def close(table, expected):
    for name, values in zip(("generic", "fit"), zip(*expected, strict=True), strict=True):
        assert [value is None for value in values] == table[name].is_null().to_list()
        known = [value for value in values if value is not None]
        np.testing.assert_allclose(table[name].drop_nulls().to_numpy(), known, rtol=1e-9)


@pytest.mark.parametrize("everyday", [0.0, generic.EVERYDAY_BITS])
@settings(max_examples=60, deadline=None)
@given(rows=ROWS, posts=POSTS, common=st.sampled_from([0, 3]))
def test_it_is_the_definition(everyday, rows, posts, common):
    comments = [text for text, _ in rows]
    threads = [thread for _, thread in rows]
    texts = [posts[thread] for thread in threads]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generic, "COMMON_COUNT", common)
        patch.setattr(generic, "EVERYDAY_BITS", everyday)
        patch.setattr(generic, "CHUNK", 3)
        series = pl.Series(comments, dtype=pl.String), pl.Series(texts, dtype=pl.String)
        numbers = 7 * np.array(threads) - 5
        close(genericness(*series, numbers), written_out(comments, texts, threads))
        close(
            genericness(series[0], None, numbers),
            written_out(comments, [None] * len(rows), threads),
        )
        own = [texts.index(text) if text is not None else row for row, text in enumerate(texts)]
        close(genericness(*series), written_out(comments, texts, own))
        alone = list(range(len(rows)))
        close(genericness(series[0]), written_out(comments, [None] * len(rows), alone))


def under_posts():
    """Twenty posts on matters of their own, and below each five comments on its matter."""
    # The letters of a number are one word, and differ in the first: stems are beginnings.
    matters = [f"{chr(ord('а') + post)}матт{post}" for post in range(20)]
    comments = [f"{matter} это важно нам {n}" for matter in matters for n in range(5)]
    return matters, comments, np.repeat(np.arange(20), 5)


def test_a_word_of_the_own_post_is_not_generic_and_the_same_praise_everywhere_is():
    matters, comments, thread = under_posts()
    praise = ["замечательно потрудились"] * 20
    table = genericness(
        pl.Series(comments + praise),
        pl.Series([matters[post] for post in [*thread, *range(20)]]),
        np.concatenate([thread, np.arange(20)]),
    )
    assert table["generic"][:100].max() < 0.75 < 0.85 < table["generic"][100:].min()
    assert table["fit"][:100].min() > 0.3
    assert table["fit"][100:].max() == 0


def test_praise_under_one_post_alone_is_tied_to_it():
    _, comments, thread = under_posts()
    everywhere, here = np.arange(20), np.full(20, 3)
    wave = [f"замечательно потрудились {n}" for n in range(20)]

    def told(below):
        table = genericness(pl.Series(comments + wave), None, np.concatenate([thread, below]))
        return table["generic"][100:].mean()

    assert told(here) < told(everywhere)


def test_copies_of_a_comment_under_its_post_do_not_tie_it():
    _, comments, thread = under_posts()

    def told(copies):
        texts = pl.Series(["замечательно потрудились"] * copies + comments)
        return genericness(texts, None, np.concatenate([np.full(copies, 3), thread]))["generic"][0]

    assert told(10) == pytest.approx(told(1))


def test_too_little_text_and_no_post_are_null():
    table = genericness(pl.Series([None, "", "👍👍", "спасибо"]), pl.Series(["мост"] * 3 + [None]))
    assert table["generic"].is_null().to_list() == [True, True, True, False]
    assert table["fit"].to_list() == [None] * 4
    assert dict(table.schema) == dict(generic.GENERIC)


def test_no_comments_no_rows():
    empty = pl.Series([], dtype=pl.String)
    assert genericness(empty, empty, np.zeros(0, np.int64)).height == 0
    assert genericness(pl.Series([None, None], dtype=pl.String)).height == 2


def test_rows_must_belong_together():
    with pytest.raises(ValueError, match="thread has 1 rows, comments 2"):
        genericness(pl.Series(["да", "нет"]), None, np.zeros(1, np.int64))
