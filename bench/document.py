"""The public report: how large it is, how long it takes to write, to open and to print, and axe.

    python -m bench.document [FOLDER]

FOLDER is the ``data/release`` of a package; without it, the release that the tests write by hand.
Opening is measured in Chromium from the start of the navigation to the first contentful paint and
to the load event, each time in a new context, so that nothing is kept from the time before.
"""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
import time
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright
from tests.public_release import release

from claqueur.publish.document import browser, languages, pdf, render_document
from claqueur.publish.release import Release

REPEATS = 9
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TIMES = """() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    const load = performance.getEntriesByType("navigation")[0];
    return [paint ? paint.startTime : NaN, load.loadEventEnd];
}"""


def read(folder: Path) -> Release:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return Release.read({name: path.read_bytes() for name, path in files.items() if path.is_file()})


def opened(chromium: Browser, url: str) -> tuple[float, float, int]:
    """Milliseconds to the first paint and to the load event, and requests beyond the file's own."""
    context = chromium.new_context()
    tab, asked = context.new_page(), []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(url)
    while math.isnan((times := tab.evaluate(TIMES))[0]):
        tab.wait_for_timeout(20)
    paint, load = times
    context.close()
    return (
        paint,
        load,
        len([each for each in asked if each != url and not each.startswith("data:")]),
    )


def violations(chromium: Browser, url: str, scheme: str) -> int:
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    tab = context.new_page()
    tab.goto(url)
    found = Axe().run(tab).violations_count
    context.close()
    return int(found)


def measured(chromium: Browser, html: str, path: Path) -> str:
    """A line about one language's document."""
    path.write_text(html, encoding="utf-8")
    began = time.perf_counter()
    printed = path.with_suffix(".pdf")
    said = f"{len(html.encode()) / 1000:.0f} KB, {html.count('<figure ')} pictures"
    if pdf(html, printed):
        took = time.perf_counter() - began
        said += f"; PDF {printed.stat().st_size / 1000:.0f} KB in {took:.1f} s"
    runs = [opened(chromium, path.as_uri()) for _ in range(REPEATS)]
    paint, load, asked = (list(each) for each in zip(*runs, strict=True))
    found = {each: violations(chromium, path.as_uri(), each) for each in ("light", "dark")}
    return (
        f"{said}; first paint after {statistics.median(paint):.0f} ms, loaded after "
        f"{statistics.median(load):.0f} ms (worst of {REPEATS}: {max(load):.0f} ms), "
        f"{max(asked)} requests; axe violations {found}"
    )


def main() -> None:
    made = read(Path(sys.argv[1])) if len(sys.argv) > 1 else release()
    program = browser()
    if program is None:
        sys.exit("needs Chromium: apt-get install chromium")
    render_document(made)  # loads what drawing needs
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for code in languages():
            began = time.perf_counter()
            html = render_document(made, language=code)
            wrote = time.perf_counter() - began
            said = measured(chromium, html, Path(folder, f"{code}.html"))
            print(f"{code}: written in {wrote:.1f} s; {said}")
        chromium.close()


if __name__ == "__main__":
    main()
