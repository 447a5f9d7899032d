"""What simulated comments say: nearly everybody something else, copies where texts were given."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from claqueur.errors import SettingError
from claqueur.simulation import World, simulate
from claqueur.simulation.chance import one_by_one
from claqueur.simulation.declension import CASES, WORD, adjective, agreed, noun
from claqueur.simulation.grammar import Grammar
from claqueur.simulation.handout import HandedOut, read_praise, reworded
from claqueur.simulation.language import read_language
from claqueur.simulation.scenario_orders import Handout
from claqueur.simulation.scribble import edited, typed
from claqueur.simulation.wording import Scribe, Subject

SMALL = {
    "population.accounts": 2_000,
    "fans.accounts": 60,
    "appeal.accounts": 60,
    "topical_fans.accounts": 30,
}
TABLES = ("objects", "counters", "truth", "targets", "follows")


def praise(changes: dict[str, Any] | None = None) -> World:
    return simulate("handed-out-praise", changes=SMALL | (changes or {}))


def comments(world: World, *roles: str) -> pl.DataFrame:
    own = world.events.filter(pl.col("action") == "comment").join(world.truth, on="account_id")
    return own.filter(pl.col("role").is_in(roles)) if roles else own


@pytest.fixture(scope="module")
def world() -> World:
    return praise()


@pytest.fixture(scope="module")
def large() -> World:
    return simulate("handed-out-praise", changes={"population.accounts": 6_000})


def scribe(seed: int = 1, post: str = "") -> Scribe:
    language = read_language()
    made = Scribe(language, one_by_one(np.random.default_rng(seed)))
    made.subject = Subject.of(language, "games", post)
    return made


# Words


@pytest.mark.parametrize(
    ("word", "gender", "singular", "plural"),
    [
        ("двор", "m", "двор двора двору двор двором дворе", "дворы дворов дворам дворы дворами"),
        ("парк", "m", "парк парка парку парк парком парке", "парки парков паркам парки парками"),
        ("матч", "m", "матч матча матчу матч матчем матче", "матчи матчей матчам матчи матчами"),
        ("музей", "m", "музей музея музею музей музеем музее", "музеи музеев музеям музеи музеями"),
        ("рынок/рынк", "m", "рынок рынка рынку рынок рынком рынке", "рынки рынков рынкам"),
        ("улица", "f", "улица улицы улице улицу улицей улице", "улицы улиц улицам улицы улицами"),
        ("школа", "f", "школа школы школе школу школой школе", "школы школ школам школы школами"),
        ("роль", "f", "роль роли роли роль ролью роли", "роли ролей ролям роли ролями ролях"),
        ("акция", "f", "акция акции акции акцию акцией акции", "акции акций акциям акции акциями"),
        ("ветка:веток", "f", "ветка ветки ветке ветку веткой ветке", "ветки веток веткам ветки"),
        ("событие", "n", "событие события событию событие событием событии", "события событий"),
    ],
)
def test_nouns(word: str, gender: str, singular: str, plural: str) -> None:
    forms = noun(word, gender)
    assert " ".join(forms.singular) == singular
    assert " ".join(forms.plural).startswith(plural)
    assert len(forms.singular) == len(forms.plural) == len(CASES)


def test_people_in_the_accusative() -> None:
    assert noun("житель", "m", animate=True).singular[3] == "жителя"
    assert noun("подруга", "f", animate=True).plural[3] == "подруг"


@pytest.mark.parametrize(
    ("word", "gender", "forms"),
    [
        ("новый", "m", "новый нового новому новый новым новом"),
        ("городской", "f", "городская городской городской городскую городской городской"),
        ("тихий", "p", "тихие тихих тихим тихие тихими тихих"),
        ("зимний", "f", "зимняя зимней зимней зимнюю зимней зимней"),
        ("хороший", "n", "хорошее хорошего хорошему хорошее хорошим хорошем"),
        ("большой", "m", "большой большого большому большой большим большом"),
    ],
)
def test_adjectives(word: str, gender: str, forms: str) -> None:
    assert " ".join(adjective(word)[gender]) == forms


@pytest.mark.parametrize(
    ("predicate", "forms"),
    [
        ("стал~ лучше", "стал лучше, стала лучше, стало лучше, стали лучше"),
        ("закрыл~ся", "закрылся, закрылась, закрылось, закрылись"),
        ("открыт^", "открыт, открыта, открыто, открыты"),
        ("отменён^", "отменён, отменена, отменено, отменены"),
    ],
)
def test_predicates_agree(predicate: str, forms: str) -> None:
    assert ", ".join(agreed(predicate, gender) for gender in "mfnp") == forms


# Grammar


class Dice:
    """Gives the numbers it was told, and nothing else."""

    def __init__(self, *numbers: float) -> None:
        self.random = iter(numbers).__next__


def test_slots_and_choices_within_each_other() -> None:
    grammar = Grammar()
    grammar.fill({"pet": ["cat", "{colour} dog"], "colour": ["red"]})
    rule = grammar.template("a {{pet}|very {big|small} {pet}}{|!}")
    grammar.check()
    # Second option, big, second pet, nothing behind; then the first option, cat, and an end.
    assert rule(Dice(0.9, 0.4, 0.6, 0.2)) == "a very big red dog"
    assert rule(Dice(0.1, 0.2, 0.7)) == "a cat!"


def test_what_nothing_fills_is_refused() -> None:
    grammar = Grammar()
    grammar.template("{cat} and {dog}")
    with pytest.raises(KeyError, match="nothing fills cat, dog"):
        grammar.check()
    with pytest.raises(KeyError, match="do not pair"):
        grammar.template("{cat")


# What people write of their own accord


def test_hardly_two_organic_comments_are_the_same(large: World) -> None:
    own = comments(large, "organic")
    plain = own["text"].str.to_lowercase().str.replace_all(r"[^\p{L}\d ]", "").str.strip_chars()
    words = plain.str.split(" ").list.len()
    assert plain.n_unique() > 0.8 * len(plain)
    sentences = plain.filter(words >= 6)
    assert sentences.n_unique() > 0.96 * len(sentences)
    assert words.min() == 1
    assert words.max() >= 38
    assert 5 <= words.median() <= 10
    assert (words <= 2).mean() > 0.1
    assert (words >= 20).mean() > 0.1


def test_no_slot_is_left_open_and_nobody_says_nothing(world: World) -> None:
    texts = comments(world)["text"]
    assert not texts.str.contains(r"[{}~^]").any()
    assert texts.str.strip_chars().str.len_chars().min() > 0


def test_formulas_are_written_by_many(large: World) -> None:
    plain = comments(large, "organic").with_columns(
        plain=pl.col("text").str.to_lowercase().str.replace_all(r"[^\p{L} ]", "").str.strip_chars()
    )
    writers = dict(plain.group_by("plain").agg(pl.col("account_id").n_unique()).iter_rows())
    assert writers["спасибо"] > 60
    assert sum(count > 10 for text, count in writers.items() if text) > 10


def test_variety(large: World) -> None:
    texts = comments(large, "organic", "fan")["text"]
    for pattern, least in {
        r"\?": 0.1,
        r"^\[id[1-9]\d{8}\|\p{L}+\], .": 0.08,
        r"[A-Za-z]{3}": 0.02,
        r"\p{So}": 0.1,
        r"\)": 0.08,
        r"^[а-яё]": 0.2,
    }.items():
        assert texts.str.contains(pattern).mean() > least, pattern


def test_those_replied_to_are_nobody_in_the_world(world: World) -> None:
    named = comments(world)["text"].str.extract(r"^\[id(\d+)\|").drop_nulls()
    assert not set(named) & set(world.truth["account_id"])


def test_comments_under_one_post_share_its_words() -> None:
    post = "Новый аквариум у театра: сказочные осьминоги ждут гостей"
    here, elsewhere = scribe(1, post), scribe(1, "Ледовый лабиринт за рекой")
    nouns = {form for each in here.subject.focus for form in (*each.singular, *each.plural)}

    def hits(writer: Scribe) -> int:
        texts = [writer.write("organic").lower() for _ in range(400)]
        return sum(bool(nouns & set(WORD.findall(text))) for text in texts)

    assert hits(here) > 1.5 * hits(elsewhere)
    assert any("осьминоги" in here.write("organic").lower() for _ in range(300))


def test_some_tell_the_same_lines_for_weeks(large: World) -> None:
    lines = read_language().memes
    own = comments(large, "organic").filter(pl.col("text").is_in(list(lines)))
    assert 0.005 < own.height / comments(large, "organic").height < 0.03
    by_line = own.group_by("text").agg(
        pl.col("account_id").n_unique(), span=pl.col("time_min").max() - pl.col("time_min").min()
    )
    assert by_line.filter(pl.col("account_id") >= 5, pl.col("span") > pl.duration(days=14)).height
    assert own.group_by("account_id").len()["len"].max() >= 3


def test_honest_praise_is_in_ones_own_words(large: World) -> None:
    own = comments(large, "appeal")["text"]
    long = own.filter(own.str.split(" ").list.len() >= 8)
    assert len(long) > 150
    assert long.n_unique() > 0.99 * len(long)


def test_words_have_a_stream_of_their_own(world: World) -> None:
    other = praise({"order.handout.texts_count": 3, "commenters.meme_share": 0.9})
    assert_frame_equal(world.events.drop("text"), other.events.drop("text"))
    assert world.events["text"].ne_missing(other.events["text"]).sum() > 300
    for name in TABLES:
        assert_frame_equal(getattr(world, name), getattr(other, name))


@given(st.text(min_size=1, max_size=60), st.integers(0, 1_000))
def test_any_text_can_be_typed(text: str, seed: int) -> None:
    random = one_by_one(np.random.default_rng(seed))
    assert typed(text, random, "😀🎉")
    assert isinstance(edited(text, random, "😀🎉"), str)


# Who comments


def test_a_share_of_all_accounts_comment_of_their_own_accord(large: World) -> None:
    people = large.truth.filter(~pl.col("account_id").str.starts_with("-"))
    quiet = ("organic", "employee")
    told = people.filter(pl.col("role").is_in(quiet)).height
    assert comments(large, *quiet)["account_id"].n_unique() / told == pytest.approx(0.5, abs=0.02)
    each = comments(large, "organic").group_by("account_id").len()["len"]
    assert each.median() <= 2
    assert each.max() > 15


def test_without_commenters_nothing_is_as_if_there_were_none(world: World) -> None:
    """Their comments alone come and go; likes, reposts and posts stay."""
    other = praise({"commenters": None})
    columns = ["account_id", "action", "time_min", "owner_id"]

    def rest(made: World) -> pl.DataFrame:
        own = made.events.filter(pl.col("action") != "comment").select(columns)
        return own.sort(columns)

    assert_frame_equal(rest(world), rest(other))
    assert comments(other).height < comments(world).height
    assert_frame_equal(world.truth, other.truth)


# What was handed out

TEXT = "Город преображается на глазах, спасибо всем"


def drawn(**settings: Any) -> HandedOut:
    settings = {"texts_count": 12, "paraphrased_share": 1.0} | settings
    return HandedOut.drawn(Handout(**settings), np.random.default_rng(1))


def test_texts_handed_out_are_praise_of_six_to_eighteen_words() -> None:
    texts = [text for _, text in drawn(texts_count=400).texts]
    lengths = [len(WORD.findall(text)) for text in texts]
    assert min(lengths) >= 6
    assert max(lengths) <= 18
    assert sum("ниверсиад" in text for text in texts) == 400
    assert len({text for _, text in drawn().texts}) == 12


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_words_change_with_the_chance_that_was_set(share: float) -> None:
    random = one_by_one(np.random.default_rng(2))
    changed = all_ = 0
    for _, text in drawn(texts_count=30).texts * 40:
        before, after = WORD.findall(text), WORD.findall(reworded(text, share, random))
        assert len(after) == len(before)
        changed += sum(a.lower() != b.lower() for a, b in zip(before, after, strict=True))
        all_ += len(before)
    assert changed / all_ == pytest.approx(share, abs=0.02)


def test_no_word_or_every_one() -> None:
    random = one_by_one(np.random.default_rng(3))
    assert reworded(TEXT, 0, random) == TEXT
    other = WORD.findall(reworded(TEXT, 1, random))
    before = WORD.findall(TEXT)
    assert all(a.lower() != b.lower() for a, b in zip(before, other, strict=True))
    assert other[0][0].isupper()


def test_a_word_is_replaced_by_one_of_its_kind_where_there_is_one() -> None:
    random = one_by_one(np.random.default_rng(4))
    found = Counter(reworded("спасибо", 1, random) for _ in range(200))
    assert set(found) == set(read_praise().alike["спасибо"]) - {"спасибо"}
    anything = {reworded("зонтики", 1, random) for _ in range(200)}
    assert len(anything) > 50


def test_word_for_word_or_anew_each_time(world: World) -> None:
    changes = {"order.handout.paraphrased_share": 0, "order.handout.words_changed_share": 0}
    staff = pl.col("ordered_comments") > 0
    copied = comments(praise(changes), "ordered", "head").filter(staff)["text"].value_counts()
    assert copied.sort("count")["count"].tail(12).min() > 10
    anew = comments(world, "ordered", "head").filter(staff)["text"].value_counts(sort=True)
    assert anew["count"][0] < 25


def test_an_institution_has_one_text_a_day() -> None:
    given = drawn(one_text_a_day=True, paraphrased_share=0.0)
    random = one_by_one(np.random.default_rng(5))

    def texts(institution: int, day: int) -> set[str]:
        return {given.copy(institution, day, random, "😀") for _ in range(20)}

    assert len(texts(3, 9)) == 1
    assert texts(3, 9) != texts(3, 10)
    assert len({text for place in range(8) for text in texts(place, 9)}) == 8


def test_some_institutions_hand_out_nothing() -> None:
    part = praise({"order.handout.institutions_share": 0.75}).truth
    wrote = part.filter(pl.col("ordered_comments") > 0, pl.col("role") == "ordered")
    assert wrote["institution_id"].n_unique() == 6


# The truth


def test_the_truth_counts_comments_on_order() -> None:
    """Staff who write nothing of their own: all they write is ordered."""
    quiet = {"commenters": None, "feed.comment_share": 0, "shares": None}
    made = praise(quiet)
    wrote = comments(made, "ordered", "head").group_by("account_id").len()
    told = made.truth.filter(pl.col("ordered_comments") > 0)
    both = told.join(wrote, on="account_id", how="full")
    assert (both["ordered_comments"] == both["len"]).all()
    assert set(told["role"]) == {"ordered", "head"}
    staff = made.truth.filter(pl.col("role") == "ordered")["ordered_comments"]
    assert staff.is_between(1, 6).mean() > 0.75
    assert (staff >= 2).mean() > 0.5


def test_without_a_handout_too_and_for_a_reward() -> None:
    told = simulate(changes=SMALL).truth
    assert told.filter(pl.col("role") == "ordered")["ordered_comments"].sum() > 300
    assert told.filter(pl.col("role") == "appeal")["ordered_comments"].sum() == 0
    rewarded = simulate("activist-network", changes={"population.accounts": 1_500, "fans": None})
    assert set(rewarded.truth.filter(pl.col("ordered_comments") > 0)["role"]) == {"activist"}


# What cannot be used


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"order.handout.words_changed_share": 1.5}, "words_changed_share = 1.5: must be from 0"),
        ({"order.handout.words_changed_share": -0.1}, "words_changed_share = -0.1: must be from"),
        ({"order.handout.paraphrased_share": 0}, "nobody changes words while paraphrased_share"),
        ({"order.handout.texts_count": 0}, "texts_count = 0: must be above 0"),
        ({"order.handout.texts_count": 5_000}, "texts_count 5000: must be at most 1000"),
        ({"order.handout.institutions_share": 2}, "institutions_share = 2: must be from 0 to 1"),
        ({"commenters.accounts_share": 1.2}, "accounts_share = 1.2: must be from 0 to 1"),
        ({"commenters.comments_mean": 0.5}, "comments_mean 0.5: who comments does so once"),
        ({"commenters.meme_share": 7}, "meme_share = 7: must be from 0 to 1"),
    ],
)
def test_unusable_settings(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=re.escape(message)):
        praise(changes)
