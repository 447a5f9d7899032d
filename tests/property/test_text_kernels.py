"""Kernels and tests of comments, against plain Python over strings, words and coins."""

import math
from collections import Counter
from itertools import combinations, pairwise, product

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.integrate import quad

from claqueur.groups.copies import Comments, confirm_copies, copying, log_e_of
from claqueur.kernels.copies import copying_tails
from claqueur.kernels.frames import (
    MOST_COUNTED,
    REACH,
    in_common,
    kept_words,
    pair_counts,
    pairs_in,
)
from claqueur.kernels.shingles import LENGTH, jaccard
from claqueur.texts.corpus import STEM, Corpus, Words
from claqueur.texts.near import SIMILAR, near_duplicates, shingles_of, similar_pairs
from claqueur.texts.normal import LONGEST, emoji, normal
from claqueur.texts.templates import FEWEST_WORDS, KEPT, find_templates
from claqueur.texts.wording import Crowd

LETTERS = "абвгдежзиклмнопрстуфхцчшэюя "
SHORT = st.text(alphabet="аб 🎉\ud800", max_size=12)


def runs(text):
    """Every run of five letters, once."""
    return {text[at : at + LENGTH] for at in range(len(text) - LENGTH + 1)}


def alike(one, other):
    both, either = len(runs(one) & runs(other)), len(runs(one) | runs(other))
    return both / either if either else 0.0


def made_up(rng, letters=70):
    return "".join(rng.choice(list(LETTERS), letters))


def edited(text, changes, rng):
    """So many letters changed, anywhere."""
    letters = list(text)
    for at in rng.choice(len(letters), changes, replace=False):
        letters[at] = "ё"
    return "".join(letters)


@st.composite
def families(draw):
    """Different texts, some of them edited from others, and from those again."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    texts = [made_up(rng, int(rng.integers(3, 70))) for _ in range(draw(st.integers(1, 5)))]
    for _ in range(draw(st.integers(0, 25))):
        parent = texts[int(rng.integers(len(texts)))]
        texts.append(edited(parent, int(rng.integers(0, min(len(parent), 6))), rng))
    return sorted(set(texts))


# Shingles and near-duplicates


@given(st.lists(SHORT, max_size=8))
@settings(deadline=None)
def test_shingles_are_the_runs_of_letters_of_each_text(texts):
    shingles = shingles_of(texts)
    assert shingles.size.tolist() == [len(runs(text)) for text in texts]
    for i, one in enumerate(texts):
        own = shingles.hashes[shingles.start[i] : shingles.start[i + 1]]
        assert (np.diff(own.astype(np.int64)) > 0).all()
        for j, other in enumerate(texts):
            assert jaccard(shingles.hashes, shingles.start, i, j) == alike(one, other)


@given(families(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_every_text_of_a_star_is_similar_to_its_centre(texts, seed):
    uses = np.random.default_rng(seed).integers(1, 4, len(texts))
    star, similarity = near_duplicates(texts, uses)
    assert (star[star] == star).all()
    for text, centre, found in zip(texts, star, similarity, strict=True):
        if texts[centre] == text:
            assert found == 1
            continue
        assert found == np.float32(alike(text, texts[centre]))
        assert found >= SIMILAR
        own = int(uses[texts.index(text)])
        assert (uses[centre], len(runs(texts[centre]))) >= (own, len(runs(text)))


@given(families())
@settings(deadline=None, max_examples=40)
def test_stars_leave_no_two_similar_centres_far_above_the_threshold(texts):
    """What just reaches the threshold may begin a star of its own, what is very like may not."""
    star, _ = near_duplicates(texts, np.ones(len(texts), np.int64))
    centres = [texts[k] for k in np.unique(star)]
    assert all(alike(one, other) < 0.8 for one, other in combinations(centres, 2))


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=25)
def test_a_chain_of_weak_links_is_no_star(seed):
    """Each text is like the one before it; the ends have little in common."""
    rng = np.random.default_rng(seed)
    chain = [made_up(rng, 100)]
    for step in range(9):
        last = list(chain[-1])
        for at in (step * 10 + 2, step * 10 + 7):
            last[at] = "ё"
        chain.append("".join(last))
    assert all(alike(*each) >= SIMILAR for each in pairwise(chain))
    assert alike(chain[0], chain[-1]) < 0.3
    star, _ = near_duplicates(chain, np.ones(len(chain), np.int64))
    assert len(set(star.tolist())) > 1
    assert all(star[k] == k or alike(chain[k], chain[star[k]]) >= SIMILAR for k in range(10))


def test_a_text_between_two_others_does_not_join_them():
    rng = np.random.default_rng(4)
    middle = made_up(rng, 90)
    one, other = "ё" * 12 + middle[12:], middle[:-12] + "ё" * 12
    assert alike(one, middle) >= SIMILAR
    assert alike(other, middle) >= SIMILAR
    assert alike(one, other) < SIMILAR
    texts = [one, middle, other]
    star, _ = near_duplicates(texts, np.array([3, 1, 2]))
    assert star.tolist() == [0, 0, 2]
    star, _ = near_duplicates(texts, np.array([1, 3, 2]))
    assert star.tolist() == [1, 1, 1]


@given(families(), st.sampled_from([0.5, 0.7, 0.9, 1.0]))
@settings(deadline=None, max_examples=60)
def test_similar_pairs_are_all_similar_and_those_of_one_letter_are_all_found(texts, least):
    a, b = similar_pairs(texts, least)
    found = list(zip(a.tolist(), b.tolist(), strict=True))
    assert found == sorted(set(found))
    every = {(i, j): alike(texts[i], texts[j]) for i, j in combinations(range(len(texts)), 2)}
    assert all(every[pair] >= least for pair in found)
    # Texts of similarity .85 share a band but in one of ten thousand million cases.
    assert {pair for pair, same in every.items() if same >= max(least, 0.85)} <= set(found)


@given(st.integers(0, 2**32 - 1), st.integers(60, 200))
@settings(deadline=None, max_examples=40)
def test_one_letter_in_a_long_text_changes_nothing(seed, letters):
    rng = np.random.default_rng(seed)
    text = made_up(rng, letters)
    texts = [text, made_up(rng, letters), edited(text, 1, rng)]
    assert [x.tolist() for x in similar_pairs(texts)] == [[0], [2]]


# Words in common


def words_of(draw_from=4, most=7):
    return st.lists(st.integers(0, draw_from - 1), max_size=most)


def subsequences(words):
    return {
        tuple(words[k] for k in chosen)
        for size in range(len(words) + 1)
        for chosen in combinations(range(len(words)), size)
    }


def as_words(words):
    return np.array(words, np.int32)


@given(words_of(), words_of(), st.lists(st.integers(1, 40), min_size=4, max_size=4))
@settings(deadline=None)
def test_words_in_common_are_those_of_a_heaviest_common_subsequence(one, other, quarters):
    bits = np.array(quarters, np.float32) / 4
    room = np.full((2, 8), np.float32(9)), np.full((2, 8), 9, np.int32)
    words, surprise = in_common(as_words(one), as_words(other), bits, *room)
    shared = subsequences(one) & subsequences(other)
    weights = [(float(sum(bits[word] for word in each)), len(each)) for each in shared]
    most = max(weight for weight, _ in weights)
    assert surprise == most
    assert words in {size for weight, size in weights if weight == most}


@given(words_of(), words_of())
@settings(deadline=None)
def test_kept_words_are_a_longest_common_subsequence(one, other):
    kept = kept_words(as_words(one), as_words(other))
    shared = subsequences(one) & subsequences(other)
    own = tuple(word for word, stays in zip(one, kept.tolist(), strict=True) if stays)
    assert own in shared
    assert len(own) == max(map(len, shared))


TEXTS = st.lists(words_of(6, 9), max_size=7)


def laid_out(texts):
    start = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    return start, as_words([word for text in texts for word in text])


def nearby(text):
    """Pairs of words with at most two between them, one by one."""
    return [
        (text[i], text[j])
        for i in range(len(text))
        for j in range(i + 1, min(i + 1 + REACH, len(text)))
    ]


@given(TEXTS, st.data())
@settings(deadline=None)
def test_pairs_of_nearby_words_are_counted(texts, data):
    asked = [i for i in range(len(texts)) if data.draw(st.booleans())]
    counted = pair_counts(*laid_out(texts), np.array(asked, np.int64), 1 << 12)
    plain = Counter(pair for i in asked for pair in nearby(texts[i]))
    assert counted.dtype == np.uint16
    # None of the 36 pairs of six words shares a slot with another.
    assert sorted(counted[counted > 0].tolist()) == sorted(plain.values())


@given(TEXTS, st.integers(1, 3))
@settings(deadline=None)
def test_only_pairs_with_a_number_are_listed(texts, fewest):
    start, word = laid_out(texts)
    counted = pair_counts(start, word, np.arange(len(texts), dtype=np.int64), 1 << 12)
    wanted = counted >= fewest
    number = np.where(wanted, np.cumsum(wanted) - 1, -1).astype(np.int32)
    pair_start, pair = pairs_in(start, word, number)
    plain = Counter(each for text in texts for each in nearby(text))
    name = {}
    for i, text in enumerate(texts):
        own = pair[pair_start[i] : pair_start[i + 1]].tolist()
        expected = [each for each in nearby(text) if plain[each] >= fewest]
        assert len(own) == len(expected)
        for number_, each in zip(own, expected, strict=True):
            assert name.setdefault(each, number_) == number_
    assert len(set(name.values())) == len(name)


def test_counts_of_pairs_do_not_run_over():
    word = np.zeros(30_000, np.int32)
    start = np.array([0, len(word)], np.int64)
    counted = pair_counts(start, word, np.zeros(1, np.int64), 1 << 12)
    assert counted.max() == MOST_COUNTED < 3 * len(word) - 6
    assert (counted > 0).sum() == 1


@given(st.lists(st.lists(st.sampled_from("абвгдежз"), min_size=1, max_size=9), max_size=9))
def test_words_are_numbered_and_can_be_read_again(texts):
    words = Words.of([" ".join(each) for each in texts])
    for i, each in enumerate(texts):
        assert words.stems.gather(words.of_text(i)).to_list() == each
    some = np.arange(len(texts))[::2]
    part = words.only(some)
    assert [part.of_text(k).tolist() for k in range(len(some))] == [
        words.of_text(i).tolist() for i in some
    ]
    for stem, bits in zip(words.stems.to_list(), words.bits.tolist(), strict=True):
        having = sum(stem in each for each in texts)
        assert bits == pytest.approx(math.log2((len(texts) + 1) / having), rel=1e-6)


# Templates


@st.composite
def corpora(draw):
    """Texts of a small vocabulary, some of them copied with words changed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    vocabulary = [made_up(rng, 8).replace(" ", "я") for _ in range(120)]
    texts = [list(rng.choice(vocabulary, int(rng.integers(1, 16)))) for _ in range(40)]
    for _ in range(draw(st.integers(0, 60))):
        parent = texts[int(rng.integers(40))]
        changed = rng.random(len(parent)) < draw(st.sampled_from([0.0, 0.1, 0.3]))
        texts.append([
            str(rng.choice(vocabulary)) if new else word
            for word, new in zip(parent, changed, strict=True)
        ])  # fmt: skip
    return [" ".join(each) for each in texts]


def longest_common(one, other):
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for (i, x), (j, y) in product(enumerate(one), enumerate(other)):
        table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@given(corpora())
@settings(deadline=None, max_examples=25)
def test_what_belongs_to_a_template_keeps_half_of_it_or_is_near_what_does(texts):
    corpus = Corpus.of(pl.Series("text", texts))
    templates = find_templates(corpus)
    star, _ = near_duplicates(corpus.forms, corpus.uses)
    uses = np.bincount(templates.of_form[templates.of_form >= 0], minlength=len(templates))
    assert (uses >= 1).all()
    for form in np.flatnonzero(templates.of_form >= 0).tolist():
        own = templates.of_form[form]
        frame = templates.frame_of(own).tolist()
        centre = corpus.words.of_text(int(star[form])).tolist()
        assert longest_common(centre, frame) >= KEPT * len(frame)
        assert templates.of_form[templates.centre[own]] == own
        assert len(frame) >= FEWEST_WORDS or frame == centre
    for own in range(len(templates)):
        inside = templates.of_form[corpus.form] == own
        assert inside.sum() >= 2


@given(corpora(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=15)
def test_the_order_of_comments_does_not_matter(texts, random):
    shuffled = random.sample(texts, len(texts))
    found = []
    for each in (texts, shuffled):
        corpus = Corpus.of(pl.Series("text", each))
        own = find_templates(corpus).of_form[corpus.form]
        found.append(dict(zip(each, own.tolist(), strict=True)))
    assert found[0] == found[1]


@given(corpora(), st.integers(1, 4), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=15)
def test_words_that_are_shown_lead_to_enough_people(texts, k, seed):
    corpus = Corpus.of(pl.Series("text", texts))
    account = np.random.default_rng(seed).integers(0, 12, len(texts))
    crowd = Crowd(corpus.words, corpus.form, account)

    def people(words):
        return len({
            int(who)
            for form, who in zip(corpus.form.tolist(), account, strict=True)
            if set(words) <= set(corpus.words.of_text(form).tolist())
        })  # fmt: skip

    frame = corpus.words.of_text(0)
    shown = crowd.shown(frame, corpus.words.bits, k).tolist()
    assert set(shown) <= set(frame.tolist())
    assert not shown or people(shown) >= k
    # No word that was left out could be put beside them.
    assert all(people([*shown, word]) < k for word in set(frame.tolist()) - set(shown))


# The test of accounts


COINS = st.lists(
    st.tuples(st.lists(st.floats(0, 1), max_size=6), st.integers(0, 7)), min_size=1, max_size=4
)


def tail(chances, seen):
    """P(at least so many), outcome by outcome."""
    total = 0.0
    for outcome in product((0, 1), repeat=len(chances)):
        if sum(outcome) >= seen:
            total += math.prod(p if hit else 1 - p for p, hit in zip(chances, outcome, strict=True))
    return total


@given(COINS)
@example([([0.0, 1.0], 2), ([0.0, 1.0], 1), ([], 0)])
@settings(deadline=None)
def test_tails_are_those_of_coins_thrown_one_by_one(accounts):
    accounts = [(chances, min(seen, len(chances))) for chances, seen in accounts]
    start = np.concatenate([[0], np.cumsum([len(chances) for chances, _ in accounts])])
    chance = np.array([p for chances, _ in accounts for p in chances])
    seen = np.array([seen for _, seen in accounts], np.int64)
    found = copying_tails(start.astype(np.int64), chance, seen)
    plain = [tail(*each) for each in accounts]
    assert found == pytest.approx(plain, rel=1e-9, abs=1e-15)


def test_what_p_values_are_worth_is_an_e_value():
    """Under p uniform on (0, 1) its mean is at most 1, and it falls as p grows."""
    # With u = -ln p the integrand is smooth; what is below e^-690 is worth at most 1 / 690.
    mean, error = quad(
        lambda u: float(np.exp(log_e_of(np.array([np.exp(-u)]))[0] - u)), 0, 690, limit=500
    )
    assert mean + error <= 1
    assert mean > 0.99
    p = np.concatenate([np.logspace(-300, -3, 3000), np.linspace(0.001, 1, 3000)])
    assert (np.diff(log_e_of(p)) <= 0).all()
    assert log_e_of(np.array([1.0])) == pytest.approx(np.log(0.5))
    assert np.isfinite(log_e_of(np.array([0.0]))).all()
    assert np.isnan(log_e_of(np.array([np.nan]))).all()


@given(st.floats(1e-250, 0.99), st.floats(1e-250, 0.99))
def test_smaller_p_values_are_worth_more(p, other):
    low, high = sorted((p, other))
    one, two = log_e_of(np.array([low, high]))
    assert one >= two - 1e-9


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 2), st.integers(0, 3)), max_size=25)


def laid(rows, n=5):
    account, template, post = (np.array([row[k] for row in rows], np.int64) for k in range(3))
    return Comments.of(account, template, post, n)


@given(ROWS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_a_template_counts_once_an_account_and_own_words_once_a_post(rows, random):
    comments = laid(rows)
    listed, number = [], []
    for account in range(5):
        own = [(template, post) for who, template, post in rows if who == account]
        made = {each for each in own if each[0] >= 0}
        worded = {post for template, post in own if template < 0} - {post for _, post in made}
        listed += [(account, *each) for each in {(-1, post) for post in worded} | made]
        number.append(len({template for template, _ in made}) + len(worded))
    columns = (comments.account, comments.template, comments.post)
    assert list(zip(*(each.tolist() for each in columns), strict=True)) == sorted(listed)
    assert comments.number.tolist() == number
    assert int(comments.counted.sum()) == sum(number)
    again = laid(random.sample(rows, len(rows)))
    for name in ("account", "template", "post", "number"):
        assert (getattr(again, name) == getattr(comments, name)).all()


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=5)
def test_confirmed_copies_do_not_depend_on_the_order_of_rows(seed):
    rng = np.random.default_rng(seed)
    rows = [(a, -1, int(rng.integers(80))) for a in range(200) for _ in range(4)]
    rows += [
        (a, int(template), int(rng.integers(80)))
        for a in range(25)
        for template in rng.choice(6, 3, replace=False)
    ]
    found = []
    for each in (rows, [rows[k] for k in rng.permutation(len(rows))]):
        comments = laid(each, 210)
        confirmed, sets = confirm_copies(comments, copying(comments))
        found.append((confirmed, [own.templates.tolist() for own in sets]))
    (one, own), (other, theirs) = found
    assert own == theirs
    assert one.accounts.tolist() == other.accounts.tolist()
    assert one.group.tolist() == other.group.tolist()
    assert np.array_equal(one.all_p, other.all_p, equal_nan=True)
    assert np.isnan(one.all_p[200:]).all()
    assert set(range(25)) >= set(one.accounts.tolist())


# Written alike


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda b: b.decode("latin-1"))))
@example("\ud800\udc00 \udfff")
@example("\x00\x1b[31m\x7f\u202e\ufeff")
@example("[id1|@a (*b [|")
def test_any_text_is_written_in_words_with_one_space_between(text):
    form = normal(text)
    assert form == " ".join(form.split())
    assert all(letter == " " or letter.isalnum() for letter in form)
    assert len(form) <= 18 * len(text)
    assert all(sign in text for sign in emoji(text))
    assert normal(text[:LONGEST]) == form


RUSSIAN = st.text(alphabet="абвгеёжийьъя АБВЁ.,!?-–—«»\u200b\u0301 🎉", max_size=40)
ENGLISH = st.text(alphabet="abcdehiop ABC.,!?'’-\u200b #1306", max_size=40)
MIXED = st.text(alphabet="абгоёcaoex АСTKкт036", max_size=30)


@given(st.one_of(RUSSIAN, ENGLISH, MIXED))
def test_what_is_written_alike_stays_as_it_is(text):
    """Where a word has letters of both alphabets that look like no other, it may not (бббdda)."""
    form = normal(text)
    assert normal(form) == form


PRAISE = ["молодцы", "так", "держать", "наш", "город", "лучший"]


@given(st.lists(st.sampled_from(PRAISE), min_size=1))
def test_tricks_of_spelling_hide_nothing(words):
    plain = " ".join(words)
    tricky = plain.translate(str.maketrans("оаер", "oaep")).upper().replace(" ", "!!\u200b  ")
    assert normal(tricky) == normal(plain) == plain


def test_tables_of_a_shuffled_corpus_are_the_same():
    rng = np.random.default_rng(1)
    texts = pl.Series("text", [None, "🎉", "", *(made_up(rng, 30) for _ in range(50))] * 2)
    corpus, again = Corpus.of(texts), Corpus.of(texts.reverse())
    assert corpus.forms == again.forms == sorted(set(corpus.forms))
    assert (corpus.form == again.form[::-1]).all()
    assert (corpus.uses == again.uses).all()
    assert corpus.uses.sum() == (corpus.form >= 0).sum() == 100
    table = pl.DataFrame({"form": corpus.form[corpus.form >= 0]}).group_by("form").len()
    assert_frame_equal(
        table.sort("form").cast(pl.Int64),
        pl.DataFrame({"form": np.arange(len(corpus)), "len": corpus.uses}),
    )
    assert all(normal(texts[corpus.row_of(k)]) == corpus.forms[k] for k in range(len(corpus)))
    assert all(len(stem) <= STEM for stem in corpus.words.stems)
