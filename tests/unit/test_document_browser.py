"""The public report in a real browser: Debian's Chromium, driven by Playwright."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from tests.public_release import items, page, release

from claqueur.publish.document import browser, languages, pdf, render_document

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
A4 = (595, 842)
"""Points."""


@pytest.fixture(scope="module")
def program() -> str:
    """The browser of this machine; without one its tests are skipped, loudly."""
    found = browser()
    if found is None:
        pytest.skip("needs Chromium (apt-get install chromium); NOT TESTED HERE")
    return found


@pytest.fixture(scope="module")
def chromium(program):
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("document")
    found = {code: folder / f"report.{code}.html" for code in languages()}
    for code, path in found.items():
        path.write_text(page(code), encoding="utf-8")
    return found


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(chromium, files, code, scheme):
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 1250, "height": 900})
    tab = context.new_page()
    tab.goto(files[code].as_uri())
    found = Axe().run(tab)
    context.close()
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 20


@pytest.mark.parametrize("code", languages())
def test_it_asks_for_nothing_and_breaks_no_rule_of_its_own(chromium, files, code):
    context = chromium.new_context()
    tab = context.new_page()
    asked, said = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(files[code].as_uri(), wait_until="networkidle")
    context.close()
    assert [url for url in asked if not url.startswith("data:")] == [files[code].as_uri()]
    assert said == []


def test_the_keyboard_leads_to_the_report_first(chromium, files):
    context = chromium.new_context()
    tab = context.new_page()
    tab.goto(files["en"].as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.querySelector('main').contains(document.activeElement)")
    context.close()


@pytest.mark.parametrize("width", [360, 800, 1250])
def test_no_width_makes_the_page_scroll_sideways(chromium, files, width):
    context = chromium.new_context(viewport={"width": width, "height": 800})
    tab = context.new_page()
    for path in files.values():
        tab.goto(path.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_pictures_are_seen_in_both_schemes(chromium, files):
    """The colour of the page's own properties reaches the pictures."""
    colours = {}
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme)
        tab = context.new_page()
        tab.goto(files["en"].as_uri())
        mark = "document.querySelector('figure svg [stroke*=\"--ours\"]')"
        colours[scheme] = tab.evaluate(f"getComputedStyle({mark}).stroke")
        context.close()
    assert colours == {"light": "rgb(184, 64, 26)", "dark": "rgb(255, 138, 92)"}


def test_it_prints_on_a4_with_the_answer_on_a_page_of_its_own(chromium, program, tmp_path):
    reasons = ["who and when", "institutions published", "would have been seen"]
    made = release(3, items(reasons))
    for code in languages():
        html = render_document(made, language=code)
        target = tmp_path / f"{code}.pdf"
        assert pdf(html, target)
        data = target.read_bytes()
        sizes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", data)
        assert 8 <= len(sizes) <= 20
        assert {(round(float(w)), round(float(h))) for w, h in sizes} == {A4}
        # Tagged, with an outline: who listens to it, or jumps in it, can.
        assert b"/StructTreeRoot" in data
        assert b"/Outlines" in data
        assert _height_of_first_page(chromium, html, tmp_path) < 260


def _height_of_first_page(chromium, html: str, folder: Path) -> float:
    """Of masthead and answer as printed, in millimetres; a page has 265."""
    path = folder / "print.html"
    path.write_text(html, encoding="utf-8")
    context = chromium.new_context(viewport={"width": 665, "height": 1000})
    tab = context.new_page()
    tab.goto(path.as_uri())
    tab.emulate_media(media="print")
    bottom = tab.evaluate("document.querySelector('.front').getBoundingClientRect().bottom")
    context.close()
    return bottom * 25.4 / 96
