"""Texts of the document: every one translated, numbers and plural forms right."""

import gettext
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalogue import bare, missing, phrases, placeholders, wanted

from claqueur.directive import answer, participation, question
from claqueur.groups import copies, engage
from claqueur.nulls import engaged, exchange, habits
from claqueur.publish.directive_words import MEASURES
from claqueur.publish.document import catalogue
from claqueur.publish.document.catalogue import compiled, messages, read
from claqueur.publish.document.language import language
from claqueur.publish.document.phrases import CONTEXT

OTHERS = [code for code in catalogue.languages() if code != catalogue.SOURCE_LANGUAGE]
EN, RU = language("en"), language("ru")


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated(code):
    lacking = [text for text, _ in missing(code).values()]
    assert not lacking, f"see them with `python -m tests.catalogue {code}`"


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_has_no_text_twice_and_none_that_is_gone(code):
    keys = [each.key for each in messages(code)]
    assert len(keys) == len(set(keys))
    own = {each.key for each in messages(code) if each.context != CONTEXT and each.text}
    assert own <= set(wanted())


@pytest.mark.parametrize("code", OTHERS)
def test_translations_keep_every_placeholder_and_have_every_plural_form(code):
    for message in messages(code):
        forms = list(message.translations.values())
        if message.text:
            assert len(forms) == (3 if message.plural else 1), message.text
            for said in forms:
                names = placeholders(message.text) | placeholders(message.plural)
                assert placeholders(said) == names, message.text
    texts = wanted()
    for message in messages(code):
        if message.key in texts:
            assert message.plural == texts[message.key][1], message.text


@pytest.mark.parametrize("code", OTHERS)
def test_every_phrase_of_a_release_is_translated(code):
    """What tests, nulls and registrations say, wherever it is written."""
    known = {bare(each.text) for each in messages(code) if each.context == CONTEXT}
    named = set(MEASURES.values()) | set(MEASURES)
    lacking = phrases() - known - named
    assert not lacking, f"translate them in locale/{code}/document.po, context {CONTEXT}"


def test_phrases_that_have_their_home_elsewhere_are_translated():
    for text in (
        *(answer.HALF_WINDOW, answer.ONE_HALF, answer.OTHER_HALF, answer.EARLIER),
        *(question.LIKE_CONTROLS, question.BEYOND_PAGES, engaged.KEEPS, exchange.KEEPS),
        *(engage.KEEPS, copies.KEEPS, *participation.NULLS.values()),
        *habits.NULLS, *habits.NULLS.values(),
    ):  # fmt: skip
        assert RU.phrase(text), text
        assert EN.phrase(text) is None


def test_phrases_carry_numbers_days_and_other_phrases():
    assert (
        RU.phrase("the data end before 2019-02-08") == "данные кончаются раньше 8 февраля 2019 года"
    )
    many = RU.phrase("12,345 posts are too many to compare with each other")
    assert many == "записей слишком много, чтобы сравнивать их друг с другом: 12\xa0345"
    doubled = RU.phrase(f"{question.LIKE_CONTROLS}, or up to 1.5 times as large")
    assert doubled.startswith("перемена на названных страницах")
    assert doubled.endswith("в 1,5 раза")
    assert RU.phrase("fewer than nine in ten actions are known within an hour").startswith(
        "с точностью до часа"
    )
    assert RU.phrase("something nobody has written") is None


@given(st.sampled_from([each for each in messages("ru") if each.context == CONTEXT]), st.text())
def test_a_phrase_fits_its_own_pattern_and_nothing_longer(message, more):
    filled = message.text.replace("{phrase}", "an hour").replace("{who}", "TSA")
    filled = filled.replace("{pages}", "-1")
    for place in ("", "2", "3"):
        filled = filled.replace(f"{{n{place}}}", "7").replace(f"{{day{place}}}", "2019-02-08")
    assert RU.phrase(filled)
    assert RU.phrase(f"{filled} ¤{more}") is None or "{" in message.text


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 аккаунтов"), (1, "1 аккаунт"), (2, "2 аккаунта"), (5, "5 аккаунтов"),
     (11, "11 аккаунтов"), (14, "14 аккаунтов"), (21, "21 аккаунт"), (22, "22 аккаунта"),
     (111, "111 аккаунтов"), (1000, "1000 аккаунтов"), (12_001, "12\xa0001 аккаунт")],
)  # fmt: skip
def test_russian_plural_forms(number, said):
    assert RU.counted("{n} account", "{n} accounts", number) == said


def test_numbers_are_written_as_each_language_does():
    assert EN.number(12_345.678, 2) == "12,345.68"
    assert RU.number(12_345.678, 2) == "12\xa0345,68"
    assert EN.number(1234) == "1,234"
    assert RU.number(1234) == "1234"
    assert EN.number(-0.5, 1) == "−0.5"
    assert EN.number(None) == "–"
    assert EN.percent(0.05) == "5%"
    assert RU.percent(0.05) == "5\xa0%"
    assert RU.percent(None) == "–"


@given(st.floats(-1e12, 1e12), st.integers(0, 4))
def test_a_number_can_be_read_back(value, places):
    for say, apart, point in ((EN, ",", "."), (RU, "\xa0", ",")):
        text = say.number(value, places).replace(apart, "").replace(point, ".").replace("−", "-")
        assert float(text) == float(f"{value:.{places}f}")


def test_p_values():
    assert [EN.p(each) for each in (0.01234, 0.8, 3.89e-06, 1e-4, 1e-12, None)] == [
        "0.012", "0.8", "4·10⁻⁶", "10⁻⁴", "under 10⁻⁶", "–",
    ]  # fmt: skip
    assert RU.p(0.01234) == "0,012"
    assert RU.p_text(0.05) == "p\xa00,05"


def test_days():
    assert EN.day("2019-02-08") == "8 February 2019"
    assert RU.day("2019-02-08") == "8 февраля 2019 года"
    assert RU.short_day("2019-05-31") == "31 мая 2019"
    assert EN.span("2019-01-25", "2019-02-07") == "from 25 January to 7 February 2019"
    assert EN.span("2018-12-25", "2019-02-07") == "from 25 December 2018 to 7 February 2019"
    assert RU.span("2019-01-25", "2019-02-07") == "с 25 января по 7 февраля 2019 года"
    assert EN.span("2019-02-20", "2019-02-20") == "on 20 February 2019"
    assert EN.short_span("2019-02-04", "2019-03-04") == "4 Feb 2019 – 4 Mar 2019"
    assert RU.listed(["лайки", "репосты", "записи"]) == "лайки, репосты и записи"
    assert EN.listed(["likes"]) == "likes"


TEXT = """
# a remark
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=n>1;\\n"

msgctxt "here"
msgid "a "
"b"
msgstr "\\"c\\""

msgid "one"
msgid_plural "many"
msgstr[0] "eins"
msgstr[1] "viele"

msgid "left"
msgstr ""
"""


def test_a_catalogue_is_compiled_as_gettext_reads_it():
    made = gettext.GNUTranslations(io.BytesIO(compiled(tuple(read(TEXT)))))
    assert made.pgettext("here", "a b") == '"c"'
    assert made.gettext("a b") == "a b"
    assert made.ngettext("one", "many", 1) == "eins"
    assert made.ngettext("one", "many", 2) == "viele"
    assert made.gettext("left") == "left"
    with pytest.raises(ValueError, match="line 2"):
        list(read("\nwrong"))
