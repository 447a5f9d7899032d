"""A case room that is served as users serve it, and Debian's Chromium signed in to it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from claqueur.case import create_case, open_case
from claqueur.directive.register import register_directive
from claqueur.directive.working import add_working
from claqueur.pipeline import add, run_case
from claqueur.publish.document import browser
from tests.conftest import lockstep_table
from tests.directive_records import KRASNOYARSK
from tests.web.conftest import SCRIPT

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--enable-unsafe-swiftshader"]  # fmt: skip
PATIENCE = 30_000
"""Milliseconds until something has to be there: for a busy machine, not for a measure."""


def planted() -> pl.DataFrame:
    """A group large enough for pictures."""
    return lockstep_table(accounts=16, objects=10, crowd=300).with_columns(
        action=pl.lit("like"), owner_id=pl.lit("-1")
    )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser of this machine; without one its tests are skipped, loudly."""
    program = browser()
    if program is None:
        pytest.skip("needs Chromium (apt-get install chromium); NOT TESTED HERE")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def cases(tmp_path_factory) -> Path:
    """A folder with a case whose one run found the planted group."""
    folder = tmp_path_factory.mktemp("room") / "cases"
    folder.mkdir()
    case = create_case(folder / "planted", f"Planted {SCRIPT}", read={"timezone": "Europe/Moscow"})
    add_working(case, "minutes", KRASNOYARSK)
    register_directive(case, "minutes")
    planted().write_csv(folder / "events.csv")
    add(case, [folder / "events.csv"])
    (folder / "events.csv").unlink()
    run_case(open_case(case.folder))
    return folder


@pytest.fixture(scope="session")
def address(cases) -> Iterator[str]:
    """Where `claqueur serve` answers, with the token that signs in."""
    command = [sys.executable, "-m", "claqueur", "serve", str(cases), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        said = ""
        while not (found := re.search(r"http://\S+token=\S+", said)):
            line = server.stdout.readline()
            assert line, f"it ended: {said}"
            said += line
        yield found.group(0)
        server.terminate()


@pytest.fixture(scope="session")
def signed_in(chromium, address, tmp_path_factory) -> Path:
    """The browser's cookies after the token was used: it signs in once."""
    kept = tmp_path_factory.mktemp("cookies") / "state.json"
    context = chromium.new_context(locale="en-GB")
    tab = context.new_page()
    tab.goto(address)
    tab.get_by_role("heading", level=1).wait_for()
    assert "token" not in tab.url
    context.storage_state(path=kept)
    context.close()
    return kept


@pytest.fixture
def opens(chromium, address, signed_in) -> Iterator:
    """Opens a path in a window of its own; what its console complains of fails the test."""
    contexts, said, forgiven = [], [], ["GPU stall"]

    def go(path: str, forgive: str = "GPU stall", **options) -> Page:
        forgiven.append(forgive)
        options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options}
        base = address.split("/?")[0]
        context = chromium.new_context(storage_state=signed_in, base_url=base, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        tab.on(
            "request", lambda asked: said.append(asked.url) if _outside(asked.url, base) else None
        )
        tab.goto(path)
        tab.get_by_role("heading", level=1).wait_for()
        return tab

    yield go
    for context in contexts:
        context.close()
    assert [line for line in said if not any(each in line for each in forgiven)] == []


def _outside(url: str, base: str) -> bool:
    return not url.startswith((base, "blob:", "data:"))
