"""The public report: what it says, in which language, and that nothing else gets into it."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import ROOT
from tests.directive_answers import every_kind
from tests.public_release import items, page, real_entry, release, table

from claqueur.errors import SettingError
from claqueur.publish.document import (
    _css_text,
    citation,
    known_sections,
    languages,
    methods,
    pdf,
    printing,
    render_document,
)
from claqueur.publish.document.certainty import SCALE, cases, step
from claqueur.publish.document.language import language
from claqueur.publish.document.story import Story
from claqueur.publish.release import Release
from claqueur.rooms import members

CODES = languages()
VOID = {"meta", "link", "rect", "line", "path", "br"}


class Page(HTMLParser):
    """Elements of a page with their attributes, and its text without scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._hidden += tag in ("style", "title")

    def handle_endtag(self, tag):
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {code: page(code) for code in CODES}


def test_english_and_russian_are_there():
    assert CODES == ["en", "ru"]
    with pytest.raises(SettingError, match="there are en, ru"):
        render_document(release(), language="xx")


@pytest.mark.parametrize("code", CODES)
def test_it_is_one_small_file_that_loads_nothing(pages, code):
    page = Page(pages[code])
    assert len(pages[code].encode()) < 400_000
    assert "://" not in pages[code]
    assert not page.of("script")
    assert not page.of("iframe")
    assert not [each for _, each in page.elements if "src" in each or "style" in each]
    assert {each["href"][:1] for each in page.of("a")} == {"#"}
    assert [each["href"] for each in page.of("link")] == ["data:,"]
    links = re.findall(r"url\(([^)]*)\)", pages[code])
    assert links
    assert all(link.startswith("#") for link in links)
    policy = page.of("meta")[1]["content"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_the_same_release_gives_the_same_page():
    made = release(2, items(["who and when"]))
    page = render_document(made)
    assert render_document(made) == page
    assert render_document(Release.read(made.files())) == page


def test_every_picture_is_a_valid_chart():
    """They are drawn without validation, which takes longer than drawing."""
    drawn = 0
    for many in (2, 6):
        story = Story(release(many, items(["who and when"])), language("en"))
        for each in members("claqueur.publish.document.pictures", "PICTURE").values():
            picture = each.draw(story, story.items[0])
            picture.chart.to_dict()
            drawn += 1
    assert drawn == 10


@pytest.mark.parametrize("code", CODES)
def test_every_section_is_there_in_its_language(pages, code):
    say, page = language(code), Page(pages[code])
    ids = [each["id"] for _, each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))
    for section in known_sections():
        assert section.name in ids
        assert say.gettext(section.title) in page.text
    assert page.of("html")[0]["lang"] == code
    anchors = {each["href"][1:] for each in page.of("a")}
    assert anchors <= set(ids)


@pytest.mark.parametrize("code", CODES)
def test_headings_go_down_one_by_one_and_tables_are_named(pages, code):
    page = Page(pages[code])
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(page.of("caption")) == len(page.of("table"))
    assert all("scope" in each for each in page.of("th"))
    assert len(page.of("main")) == len(page.of("nav")) == len(page.of("header")) == 1


@pytest.mark.parametrize("code", CODES)
def test_every_picture_says_what_it_shows(pages, code):
    drawn = [each for each in Page(pages[code]).of("svg") if each.get("aria-hidden") != "true"]
    assert len(drawn) == len(re.findall("<figure ", pages[code])) > 5
    assert all(each["role"] == "img" and len(each["aria-label"]) > 20 for each in drawn)


def test_the_first_page_answers_in_three_sentences(pages):
    front = Page(pages["en"].partition('<dl class="answers">')[2].partition("</dl>")[0]).text
    assert "consistent with items 1, 2 and 3, 3 of the 11 that were tested" in front
    assert "at least clear for each of them" in front
    assert "at most once in 100 times (p 0.006)" in front.replace("\xa0", " ")
    assert "no evidence that item 4 was followed" in front
    assert "on items 5, 6, 7, 8, 9, 10 and 11 the data give no answer" in front
    assert "About 990 accounts of several lockstep groups, published here as 6," in front
    assert "None of this shows that an order was given" in front


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (["who and when"], "consistent with the item of the document that was tested"),
        (["who and when", "institutions published"], "consistent with all 2 items"),
        (["would have been seen"], "There is no evidence that item 1 was followed"),
        (["too little to see"], "On item 1 the data give no answer."),
    ],
)
def test_what_happened_is_said_of_one_and_of_many(reasons, said):
    assert said in Page(render_document(release(1, items(reasons)))).text


def test_a_release_with_next_to_nothing_says_so():
    bare = release(0, [])
    text = Page(render_document(bare)).text
    assert "No document was tested" in text
    assert "No lockstep group of at least 10 accounts can be shown here" in text
    assert "item by item" not in text
    assert "Figure" not in text
    by_hand = release(2, [], level=None)
    assert "so that there is no error rate" in Page(render_document(by_hand)).text


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("co_action", "acted on the same posts more often than habits explain"),
        ("co_text", "wrote comments made from the same texts more often than chance explains"),
        ("co_action|co_text", "acted on the same posts, or wrote comments made from"),
    ],
)  # fmt: skip
def test_what_groups_did_together_depends_on_how_they_were_found(layers, said):
    made = release(1, [])
    found = made.tables["groups"].with_columns(layers=pl.lit(layers))
    text = Page(render_document(replace(made, tables={"groups": found}))).text
    assert said in text
    assert ("Groups found by their words" in text) == ("co_text" in layers)


def test_what_accounts_did_is_bounded_and_never_who():
    entry = real_entry()
    people = every_kind()["who and when"]["tests"][2] | {
        "numbers": {"at_least": 140}, "p_value": 1e-4, "effect": 140,
    }  # fmt: skip
    entry["tests"].append(people)
    text = Page(render_document(release(1, [entry]))).text
    assert "at least 140 accounts acted on the named pages more than interests explain" in text


@pytest.mark.parametrize("reason", list(every_kind()))
@pytest.mark.parametrize("code", CODES)
def test_every_kind_of_answer_has_its_words(pages, reason, code):
    number = list(every_kind()).index(reason) + 1
    item = pages[code].partition(f'id="item-{number}"')[2].partition("</article>")[0]
    verdict = Page(item.partition('class="verdict">')[2].partition("</p>")[0]).text
    other = language(code).gettext("This answer says nothing about an order.")
    assert len(verdict) > 30
    assert verdict != other
    assert "{" not in verdict


def test_withheld_cells_are_hatched_and_never_a_zero(pages):
    per_figure = [part.partition("</figure>")[0] for part in pages["en"].split("<figure ")[1:]]
    by_title = {re.search(r"\.\s(.+?)</strong>", part)[1]: part for part in per_figure}
    course = by_title["Week by week: likes of a post"]
    activity = by_title["When the groups were active"]
    shares = by_title["How many of the group’s posts its members acted on"]
    assert course.count('fill="url(#withheld)"') == 1
    assert activity.count('fill="url(#withheld)"') == 6
    assert shares.count('fill="url(#withheld)"') == 12
    assert all("withheld" in part for part in (course, activity, shares))
    few = render_document(release(2, []))
    # A group's first week, and two of the parts of its posts.
    assert few.count('fill="url(#withheld)"') == 2 * (1 + 2)


def test_pictures_take_the_colours_of_the_page(pages):
    drawn = pages["en"].partition("<figure ")[2]
    assert "var(--ours, #b8401a)" in drawn
    for name in ("ours", "others", "second", "ink", "quiet", "grid", "ground"):
        assert len(re.findall(rf"--{name}: #", pages["en"])) == 2


NASTY = '</style><script>alert(1)</script>" onload="x" \\ & {{ 7 }} %s'


def test_nothing_of_the_data_becomes_part_of_the_page():
    made = release(1, [real_entry(text=NASTY, title=NASTY, issuer=NASTY)], title=NASTY)
    made.tables["templates"] = table("templates", [{"group": 1, "frame": NASTY}])
    page = Page(render_document(made))
    assert not page.of("script")
    assert not [each for _, each in page.elements if "onload" in each]
    assert page.text.count(" ".join(NASTY.split())) >= 4


@given(st.text())
def test_a_title_stays_a_title_in_the_style_sheet(text):
    said = _css_text(text)
    assert not set(said[1:-1]) & set("\"'<>{};()\n")
    back = re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), said[1:-1])
    assert back == text


def test_texts_of_another_language_are_marked(pages):
    assert '<p lang="ru">Обеспечить лайки.</p>' in pages["en"]
    assert "Supply likes." in pages["en"]
    assert "Supply likes." not in pages["ru"]
    assert '<span lang="en">head of the department</span>' in pages["ru"]
    assert '<span lang="ru">Спасибо за {…} праздник</span>' in pages["en"]


def test_methods_can_be_pasted(pages):
    text = methods(release())
    paragraph = text.split("\n")[2]
    assert text.startswith("# Methods\n")
    assert "12,000 accounts, 5,000 posts and 40 pages" in paragraph
    assert paragraph in Page(pages["en"]).text
    assert "Holm" in text
    assert "12\xa0000 аккаунтов" in methods(release(), language="ru")
    counts_alone = release(0, [])
    counts_alone.run.update(layers=[], mode="counts alone")
    assert "Literature" not in methods(counts_alone)


def test_citation_is_sound_bibtex():
    text = citation(release(title="50% of {nobody} & \\more_#1"), day="2019-04-01")
    assert re.findall(r"^@(\w+)\{(\w+),$", text, re.MULTILINE) == [
        ("misc", "release"),
        ("software", "claqueur"),
    ]
    assert "year         = {2019}" in text
    assert r"50\% of \{nobody\} \& \textbackslash{}more\_\#1" in text
    plain = re.sub(r"\\.", "", text)
    assert plain.count("{") == plain.count("}")
    assert "year" not in citation(release())


def test_the_scale_goes_down_and_says_what_it_means():
    assert [each.strength for each in SCALE] == [4, 3, 2, 1]
    assert [cases(each.at_most) for each in SCALE] == [10_000, 1000, 100, 20]


@given(st.floats(1e-9, 1))
def test_a_word_claims_no_more_than_the_number(p):
    word = step(p)
    assert p <= word.at_most
    assert cases(p) <= max(1 / p, 1) * (1 + 1e-6)
    assert all(each.at_most < p for each in SCALE if each.at_most < word.at_most)


def test_the_reading_order_of_rooms_is_kept():
    names = [section.name for section in known_sections()]
    assert names[0] == "answer"
    assert names.index("items") < names.index("groups") < names.index("method")
    assert names.index("limits") < names.index("mind") < names.index("glossary")
    assert set(members("claqueur.publish.document.pictures", "PICTURE")) == {
        "course", "effects", "participation", "rhythm", "weeks",
    }  # fmt: skip


def test_what_is_missing_in_a_release_is_left_out():
    made = release(3)
    smaller = replace(made, tables={"groups": made.tables["groups"]})
    text = Page(render_document(smaller)).text
    assert "Groups, the largest first" in text
    assert "When the groups were active" not in text
    assert "Frames of comments" not in text


class Heard:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def stage(self, name, total=None): ...

    def advance(self, steps=1): ...

    def note(self, text):
        self.notes.append(text)


def test_without_a_browser_there_is_no_pdf_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("CLAQUEUR_CHROMIUM", str(tmp_path / "none"))
    heard = Heard()
    assert not pdf("<p>text", tmp_path / "out.pdf", heard)
    assert "no Chromium" in heard.notes[0]
    assert not list(tmp_path.iterdir())


def test_a_browser_that_hangs_or_fails_is_ended(tmp_path, monkeypatch):
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\nsleep 600 & wait\n")
    program.chmod(0o755)
    monkeypatch.setenv("CLAQUEUR_CHROMIUM", str(program))
    monkeypatch.setattr(printing, "SECONDS", 0.2)
    heard = Heard()
    assert not pdf("<p>text", tmp_path / "out.pdf", heard)
    assert "could not print" in heard.notes[0]
    program.write_text("#!/bin/sh\nexit 3\n")
    assert not pdf("<p>text", tmp_path / "out.pdf", heard)
    assert not (tmp_path / "out.pdf").exists()


def test_the_page_about_the_report_names_what_there_is():
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    for section in known_sections():
        assert section.title in page, section.title
    for each in SCALE:
        assert f"| {each.word} |" in page
