"""The report opens offline, names nobody, escapes everything, and never claims too much."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from claqueur.pipeline import detect
from claqueur.publish.charts.labels import counted, listed
from claqueur.publish.charts.look import INTERNAL
from claqueur.publish.privacy import Pseudonyms
from claqueur.publish.report import known_sections, render
from claqueur.publish.report.context import json_block
from claqueur.results import Result

KEY = Pseudonyms(b"k" * 32)
MEMBERS = [str(900_000_000 + number) for number in range(12)]
BURST = [str(600_000_000 + number) for number in range(11)]
SMALL = [str(800_000_000 + number) for number in range(3)]
HOSTILE = "</script><img src=x onerror=alert(1)>"
OBJECTS = [*(f"wall-1001_{number}" for number in range(5)), HOSTILE, MEMBERS[0]]


def rows() -> Iterator[tuple[str, str, int, str]]:
    """A sustained group, a one-off one, and a small one."""
    for place, name in enumerate(OBJECTS):
        at = 1_550_000_000 + place * 50_000
        yield from ((member, name, at + 3 * i, "like") for i, member in enumerate(MEMBERS))
    for place in range(4):
        at = 1_550_200_000 + 1000 * place
        yield from ((name, f"wall-5_{place}", at + i, "like") for i, name in enumerate(BURST))
        yield from ((name, f"wall-6_{place}", at + i, "post") for i, name in enumerate(SMALL))


def planted(folder: Path, **settings: object) -> Result:
    path = folder / "<b>events.csv"
    columns = ["account_id", "object_id", "timestamp", "action"]
    pl.DataFrame(list(rows()), schema=columns, orient="row").write_csv(path)
    known: dict[str, object] = {"window": "60s", "min_objects": 3, "timezone": "Europe/Moscow"}
    return detect(path, **(known | settings))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return planted(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def page(result: Result) -> str:
    return render(result, KEY)


class Elements(HTMLParser):
    """Start tags with their attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def without_vega(page: str) -> str:
    """The page without the inlined library, which is no text of ours."""
    scripts = re.findall(r"<script>.*?</script>", page, re.DOTALL)
    return page.replace(max(scripts, key=len), "")


def test_it_says_internal_first_and_on_every_printed_page(page: str) -> None:
    body = page.split("<body>")[1]
    assert INTERNAL in body.split("<h1>")[0]
    assert f'@top-center {{ content: "{INTERNAL}"' in page


def test_sections_are_found_in_order(page: str) -> None:
    names = [section.name for section in known_sections()]
    assert names == [
        "in-short", "directives", "targets", "data", "method", "overall", "groups", "comments",
        "limits", "words",
    ]  # fmt: skip
    # None were declared here, and a section without anything to say is left out.
    for name in ("directives", "targets", "comments"):
        names.remove(name)
        assert f'<section id="{name}"' not in page
    places = [page.index(f'<section id="{name}"') for name in names]
    assert places == sorted(places)
    assert all(f'href="#{name}"' in page for name in names)


def test_nobody_is_named(page: str) -> None:
    assert not [account for account in MEMBERS + BURST + SMALL if account in page]
    assert KEY.of(MEMBERS[0]) in page


def test_it_loads_nothing(page: str) -> None:
    for tag, attributes in Elements(page).tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "img"), tag
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    ours = without_vega(page)
    assert not re.search(r"https?://|url\(|@import|\bfetch\(", ours)
    assert "default-src &#39;none&#39;" in page


def test_scripts_are_the_allowed_ones(page: str) -> None:
    policy = next(a["content"] for tag, a in Elements(page).tags if "http-equiv" in a)
    assert policy is not None
    assert policy.count("sha256-") == 2
    assert "unsafe-eval" not in policy
    assert len(re.findall(r"<script>", page)) == 2


def test_hostile_names_are_escaped(page: str) -> None:
    assert HOSTILE not in page
    assert "<b>events" not in page
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" in page
    assert "onerror" not in str([attributes for _, attributes in Elements(page).tags])


def test_every_chart_has_its_spec_and_a_text_for_readers_who_cannot_see_it(page: str) -> None:
    tags = Elements(page).tags
    plots = [attributes for _, attributes in tags if "data-spec" in attributes]
    blocks = dict(
        re.findall(r'<script type="application/json" id="([^"]+)">(.*?)</script>', page, re.DOTALL)
    )
    # Six overall pictures, and four of each of two groups.
    assert len(plots) == 6 + 2 * 4
    for plot in plots:
        assert plot["role"] == "img"
        assert plot["aria-label"]
        spec = json.loads(blocks[plot["data-spec"] or ""])
        assert "config" not in spec
        assert "$schema" not in spec


def test_headings_are_in_order(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Elements(page).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_one_off_groups_are_apart(page: str) -> None:
    sustained, one_off = page.index("<h4>Sustained groups"), page.index("<h4>One-off groups")
    assert sustained < page.index('id="group-1"') < one_off < page.index('id="group-2"')


def test_small_groups_are_listed_without_pictures(page: str) -> None:
    assert "Group 3</th>" in page
    assert 'id="group-3"' not in page


def test_it_never_claims_too_much(page: str) -> None:
    text = Elements(page).text
    assert "There is no error rate." in text
    assert "Lockstep does not prove an order." in text
    assert not re.search(r"\bbots?\b|\bordered\b|inauthentic", text, re.IGNORECASE)


def test_it_says_what_was_asked_and_read(page: str) -> None:
    text = Elements(page).text
    assert "within 1 minute of each other, on at least 3 objects" in text
    assert "Europe/Moscow" in text
    assert "claqueur evidence DIR --group 1" in text


def test_windows_are_kept_side_by_side(tmp_path: Path) -> None:
    page = render(planted(tmp_path, window=["60s", "1h"]), KEY)
    assert page.index("“like” within 1 minute</h3>") < page.index("“like” within 1 hour</h3>")


def test_a_run_without_groups_is_a_report_too(tmp_path: Path) -> None:
    page = render(planted(tmp_path, min_objects=50), KEY)
    text = Elements(page).text
    assert "No lockstep group found" in text
    assert "no accounts did so often enough" in text


def test_a_run_of_small_groups_is_worth_showing(tmp_path: Path) -> None:
    page = render(planted(tmp_path, action=["post"]), KEY)
    text = Elements(page).text
    assert "all of fewer than 10 members" in text
    assert "no group has 10 members or more" in text


@pytest.mark.parametrize("tool", ["coortweet", "qut"])
def test_refused_rows_and_other_semantics_are_said(result: Result, tool: str) -> None:
    events = result.run["events"] | {
        "refused": [{"reason": "no <time>", "rows": 1234, "first": ["a.csv row 7"]}]
    }
    other = Result(
        **{name: getattr(result, name) for name in (
            "pairs", "accounts", "groups", "evidence", "activity", "rhythm", "curves")},
        run=result.run | {"events": events, "compat": tool},
    )  # fmt: skip
    page = render(other, KEY)
    assert "no &lt;time&gt;" in page
    assert "1,234" in page
    assert "Weights and filters are those of" in page


def test_words_and_numbers() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert counted(1, "pair") == "1 pair"
    assert counted(1200, "row was", "rows were") == "1,200 rows were"
    assert json.loads(json_block({"a": HOSTILE})) == {"a": HOSTILE}
    assert "<" not in json_block({"a": HOSTILE})
