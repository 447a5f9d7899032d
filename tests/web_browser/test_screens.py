"""Every screen: fit for everybody's use, in both modes, both languages and all widths."""

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from tests.web.conftest import SCRIPT

SCREENS = [
    "", "data", "run", "runs", "groups", "groups/1", "groups/1?part=timeline",
    "groups/1?part=rhythm", "groups/1?part=coverage", "groups/1?part=comments",
    "groups/1?part=members", "groups/1?part=objects", "groups/1?part=evidence", "network",
    "directives", "directives/minutes", "directives/results", "review", "review/sample",
    "review/checklist", "publish", "log",
]  # fmt: skip


def settled(tab, path: str) -> None:
    """The screen with its data."""
    tab.goto(path)
    tab.get_by_role("heading", level=1).wait_for()
    here(tab)


def here(tab) -> None:
    main = tab.get_by_role("main")
    expect(main.get_by_text("Loading…")).to_have_count(0)
    expect(main.locator("[aria-busy=true]")).to_have_count(0)


def moved(tab, path: str) -> None:
    """The same within the page, as a link does it."""
    tab.evaluate("path => history.pushState({}, '', path)", path)
    tab.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    expect(tab.get_by_role("heading", level=1)).to_have_count(1)
    here(tab)


def resized(tab, width: int) -> None:
    """Another width, and what watches for it has seen it: that is told between two frames."""
    tab.set_viewport_size({"width": width, "height": 900})
    frame = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    tab.evaluate(f"() => {frame}")


def violations(tab, **options) -> list[str]:
    """What axe finds, with the elements it is about."""
    found = tab.evaluate("options => axe.run(document, options)", options)
    assert found["passes"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]


def test_axe_finds_no_violation_and_nothing_overflows(opens):
    """All rules on a wide, light screen; those of colours and layout on a narrow, dark one too."""
    tab = opens("/c/planted")
    tab.evaluate(AXE_SCRIPT)
    anew = {"type": "rule", "values": ["color-contrast", "scrollable-region-focusable"]}
    for screen in SCREENS:
        tab.emulate_media(color_scheme="light")
        resized(tab, 1280)
        moved(tab, f"/c/planted/{screen}")
        resized(tab, 1280)
        assert violations(tab) == [], screen
        tab.emulate_media(color_scheme="dark")
        resized(tab, 360)
        assert violations(tab, runOnly=anew) == [], screen
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360, screen
        assert "Internal, not for publication" in tab.inner_text("header")


def test_russian(opens):
    tab = opens("/c/planted/groups", locale="ru-RU")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Группы")
    assert tab.evaluate("document.documentElement.lang") == "ru"
    assert "Для внутреннего пользования, не для публикации" in tab.inner_text("header")
    expect(tab.get_by_text(re.compile(r"^\d+ групп(а|ы)?$"))).to_be_visible()
    tab.get_by_label("Язык").select_option("en")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Groups")
    tab.reload()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Groups")


def test_dark_by_the_system_and_by_the_switch(opens):
    tab = opens("/c/planted", color_scheme="dark")

    def ground() -> str:
        return tab.evaluate("getComputedStyle(document.body).backgroundColor")

    dark = ground()
    tab.get_by_label("Colours").select_option("light")
    light = ground()
    assert light != dark
    tab.reload()
    tab.get_by_role("heading", level=1).wait_for()
    assert ground() == light
    tab.get_by_label("Colours").select_option("dark")
    assert ground() == dark


def test_the_back_button_leads_through_every_state(opens):
    tab = opens("/c/planted/groups")
    tab.get_by_label("Order").select_option("size")
    tab.get_by_role("link", name="Group 1", exact=True).click()
    tab.get_by_role("link", name="Timeline").click()
    expect(tab.get_by_text("Actions a")).to_be_visible()
    tab.get_by_role("figure").get_by_role("link").first.click()
    expect(tab.get_by_role("columnheader", name="Account")).to_be_visible()
    assert "from_ms=" in tab.url
    tab.go_back()
    expect(tab.get_by_text("Actions a")).to_be_visible()
    tab.go_back()
    tab.go_back()
    expect(tab.get_by_label("Order")).to_have_value("size")
    tab.go_forward()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Group 1")


def test_script_in_data_stays_text(opens):
    """The console and dialogs are watched for every window; here the words are on screen."""
    tab = opens("/c/planted")
    expect(tab.get_by_role("heading", level=1)).to_have_text(f"Planted {SCRIPT}")
    settled(tab, "/c/planted/data")
    table = f"who,post,text {SCRIPT}\n1,2,{SCRIPT}\n"
    file = {"name": "<b>odd.csv", "mimeType": "text/csv", "buffer": table.encode()}
    tab.get_by_label("Choose files").set_input_files(file)
    expect(tab.get_by_role("columnheader", name=f"text {SCRIPT}")).to_be_visible()
    expect(tab.get_by_role("cell", name=SCRIPT)).to_be_visible()
    expect(tab.get_by_role("heading", name="<b>odd.csv")).to_be_visible()
    assert tab.locator("main script").count() == 0
    tab.get_by_role("button", name="Remove").click()
    expect(tab.get_by_role("heading", name="<b>odd.csv")).to_have_count(0)


def test_identities_are_asked_for_and_logged(opens):
    tab = opens("/c/planted/groups/1?part=members")
    expect(tab.get_by_role("cell", name="%").first).to_be_visible()
    assert "7000000" not in tab.inner_text("main")
    tab.get_by_role("button", name="Show identities…").click()
    real = tab.get_by_role("link", name=re.compile(r"^7000000\d\d$"))
    asked = tab.get_by_role("dialog")
    expect(asked).to_contain_text("entered in the log")
    asked.get_by_label("Reason").fill("to write to the platform")
    asked.get_by_role("button", name="Show identities").click()
    expect(real.first).to_be_visible()
    assert "real account ids on screen" in tab.inner_text("header")
    tab.get_by_role("button", name="Hide identities").click()
    expect(tab.get_by_role("button", name="Show identities…")).to_be_visible()
    expect(real).to_have_count(0)
    settled(tab, "/c/planted/log")
    expect(tab.get_by_role("main")).to_contain_text("to write to the platform")


def test_the_matrix_is_led_by_the_keyboard_to_its_events(opens):
    tab = opens("/c/planted/groups/1")
    matrix = tab.get_by_role("application")
    matrix.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "Enter"):
        matrix.press(key)
    expect(tab.get_by_text("Limited to")).to_have_count(0)
    expect(tab.get_by_role("group", name="Limited to")).to_contain_text("Account:")
    assert "member=1" in tab.url


def test_the_network_opens_a_group_and_finds_what_is_on_screen(opens):
    tab = opens("/c/planted/network")
    tab.locator("[data-drawn=yes]").wait_for()
    tab.get_by_role("button", name="Open: Group 1").click()
    expect(tab.get_by_text(re.compile(r"Drawn: (1[2-9]|[2-9]\d) nodes"))).to_be_visible()
    members = tab.request.get("/api/groups/1/members?case=planted").json()["rows"]
    label = members[0]["account"]
    tab.get_by_label("Find among what is drawn").fill(label[:7])
    tab.get_by_role("button", name=label).click()
    expect(tab.get_by_role("heading", name=label)).to_be_visible()
    assert label not in tab.url
    with tab.expect_download() as download:
        tab.get_by_role("link", name="GEXF for Gephi").click()
    assert download.value.suggested_filename.endswith(".gexf")


@pytest.mark.parametrize("path", ["/c/planted/nowhere", "/c/nobody"])
def test_wrong_addresses_say_so(opens, path):
    tab = opens("/", forgive="404")
    tab.evaluate("path => history.pushState({}, '', path)", path)
    tab.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    expect(tab.get_by_role("main")).to_contain_text(re.compile("no such page|nobody"))
