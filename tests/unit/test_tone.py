"""Tone by the lexicon: what praise and blame are, and words that only look like either."""

import re
import tomllib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claqueur.texts.normal import emoji, normal
from claqueur.texts.tone import chosen_tone, tones
from claqueur.texts.tone.lexicon import TONE
from claqueur.texts.tone.vocabulary import HERE, LANGUAGES, Vocabulary, read_vocabulary


def told(*texts: str | None) -> list[int | None]:
    return TONE.of(pl.Series(texts, dtype=pl.String)).to_list()


POSITIVE = [
    "Спасибо большое организаторам!",
    "Какой прекрасный вечер",
    "Молодцы, так держать!!!",
    "Очень красиво 👏👏👏",
    "👍",
    "❤️❤️❤️",
    "Поздравляю с победой!",
    "С днём рождения! Здоровья и счастья",
    "Согласна",
    "Совсем не плохо",
    "Сначала было скучно, но потом просто супер",
    "Не только красиво, но и удобно",
    "Well done, everyone!",
    "What a wonderful evening",
    "This is not bad",
    "I can't wait!",
    "Thank you so much ❤",
]
NEGATIVE = [
    "Позор!",
    "Сколько можно врать?",
    "Ужасная организация, полный бардак",
    "Это совсем не красиво, стыдно",
    "🤮🤮🤮",
    "Скажите спасибо начальству",
    "Лучше бы дорогу почистили",
    "Красиво говорят, но это враньё и показуха",
    "What a shame",
    "They are lying again, it is a disgrace",
    "I don't like it",
]
NEUTRAL = [
    "А во сколько начало?",
    "Доброе утро",
    "Приходите в субботу к шести",
    "Классный час в среду",
    "Правильно ли я понял, что вход платный",
    "Светлая память",
    "Good morning",
    "When does it begin?",
    "На здоровье не жалуюсь, хожу пешком",
    "🤔",
]


@pytest.mark.parametrize(
    ("text", "tone"),
    [(text, 1) for text in POSITIVE]
    + [(text, -1) for text in NEGATIVE]
    + [(text, 0) for text in NEUTRAL],
)
def test_plain_cases(text, tone):
    assert told(text) == [tone]


@pytest.mark.parametrize(
    "text",
    [None, "", "   ", "https://vk.com/wall-1_2", "[id1|Иван], ", "@ivanov", "...", "\x00\u200b"],
)
def test_nothing_said_has_no_tone(text):
    assert told(text) == [None]


@pytest.mark.parametrize(
    "text",
    ["МОЛОДЦЫ", "молодцыыыыы", "мoлодцы", "мол\u200bодцы", "молодцы\u0301", "[id1|Иван], молодцы"],
)
def test_tricks_of_spelling_change_nothing(text):
    assert told(text) == [1]


def test_negation_turns_praise_and_silences_blame():
    assert told("мне понравилось", "мне не понравилось") == [1, -1]
    assert told("он вор", "он не вор") == [-1, 0]


def test_but_halves_what_is_before_it():
    assert told("красиво но стыдно", "стыдно но красиво", "красиво и стыдно") == [-1, 0, 0]


def test_praise_in_a_question_or_far_from_the_point_is_not_enough():
    assert told("Красиво", "Красиво?") == [1, 0]
    long = " ".join(["дорога идет вдоль реки"] * 10)
    assert told(f"Красиво {long}", f"Красиво, спасибо, супер, здорово {long}") == [0, 1]


def test_a_word_that_comes_again_adds_nothing():
    long = " ".join(["дорога идет вдоль реки"] * 10)
    assert told("красиво " * 9 + long, "плохо плохо", "хорошо хорошо хорошо") == [0, -1, 0]


def test_laughter_takes_from_praise():
    assert told("Неплохо 👍", "Неплохо 😂🤣🤡") == [1, -1]


def test_first_words_count_at_the_beginning_alone():
    assert told("Точно!", "Начало точно в шесть") == [1, 0]


def test_the_series_keeps_its_length_and_type():
    found = TONE.of(pl.Series(["спасибо", None, "позор"]))
    assert (found.dtype, found.to_list()) == (pl.Int8, [1, None, -1])
    assert TONE.of(pl.Series([], dtype=pl.String)).len() == 0
    assert TONE.of(pl.Series([None, None])).to_list() == [None, None]


@pytest.mark.parametrize(
    "text", ["спасибо " * 130_000, "\x00\x01\ud800 a" * 1000, "א שלום 👍" * 9, "👍" * 10**6]
)
def test_odd_texts_are_told(text):
    assert TONE._tone(text) in (-1, 0, 1)


def test_the_lexicon_is_the_default():
    assert chosen_tone("") is TONE
    assert chosen_tone("lexicon") is TONE
    assert tones()["lexicon"].help


def groups(language: str, part: str) -> list[dict]:
    return tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))[part]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_stand_once_as_texts_are_written(language):
    for part in ("words", "phrases"):
        for first in (False, True):
            mine = [group for group in groups(language, part) if group.get("first", False) == first]
            words = [word for group in mine for word in group["of"]]
            assert len(words) == len(set(words)), part
            assert [
                word for word in words if normal(word.removesuffix("*")) != word.removesuffix("*")
            ] == []
            assert [word for word in words if (" " in word) != (part == "phrases")] == []
    assert {group["weight"] for group in groups(language, "words")} <= {
        -2,
        -1.5,
        -1,
        -0.5,
        0,
        0.5,
        1,
        2,
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_there_that_a_beginning_covers(language):
    plain = {
        word: group["weight"]
        for group in groups(language, "words")
        if not group.get("first")
        for word in group["of"]
    }
    for word, weight in plain.items():
        known = read_vocabulary()
        without = {name: value for name, value in known.beginnings.items() if name != word[:-1]}
        starts = [word.removesuffix("*")[:end] for end in range(len(word), 1, -1)]
        longest = next((without[start] for start in starts if start in without), 0.0)
        assert longest != weight or weight == 0, word


def test_emoji_are_found_in_texts():
    signs = read_vocabulary().emoji
    listed = re.findall(r'^of = "(.*)"$', (HERE / "emoji.toml").read_text("utf-8"), re.MULTILINE)
    assert sum(len(line.split()) for line in listed) == len(signs)
    assert [sign for sign in signs if emoji(sign) != [sign]] == []


def test_words_of_degree_have_no_tone_of_their_own():
    known = read_vocabulary()
    grammar = known.negators | known.contrast | set(known.degrees)
    assert [word for word in grammar if known.weight(word)] == []


LETTERS = st.text("абв", max_size=5)
WEIGHTS = st.dictionaries(LETTERS.filter(lambda word: len(word) > 1), st.sampled_from([-2.0, 1.0]))


@given(WEIGHTS, WEIGHTS, LETTERS)
def test_the_longest_beginning_decides(words, beginnings, word):
    found = Vocabulary(words, beginnings, {}, {}, frozenset(), {}, frozenset(), {}).weight(word)
    fitting = [start for start in beginnings if word.startswith(start)]
    assert found == words.get(word, beginnings[max(fitting, key=len)] if fitting else 0.0)
