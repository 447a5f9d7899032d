"""From the document to PDF, by a Chromium that is there already."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from claqueur.atomic import whole_file
from claqueur.progress import SILENT, Progress

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60
"""Longer than any document takes."""

_FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-dev-shm-usage", "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)  # fmt: skip


def browser() -> str | None:
    """The Chromium of this machine: ``CLAQUEUR_CHROMIUM``, or the first one found."""
    named = os.environ.get("CLAQUEUR_CHROMIUM")
    if named is not None:
        return shutil.which(named)
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def pdf(html: str, to: Path, progress: Progress = SILENT) -> bool:
    """Print the document to a PDF, if there is a Chromium to do it.

    Parameters
    ----------
    html
        From :func:`render_document`. It has no script and may load nothing, so the browser runs
        without its sandbox where that cannot be had, as for root.
    progress
        Is told when there is none, or it failed.

    Returns
    -------
    bool
        Whether the file was written.
    """
    program = browser()
    if program is None:
        progress.note("no PDF: there is no Chromium here; print the HTML from any browser instead")
        return False
    with tempfile.TemporaryDirectory(prefix="claqueur-pdf-", ignore_cleanup_errors=True) as folder:
        source, made = Path(folder, "document.html"), Path(folder, "document.pdf")
        source.write_text(html, encoding="utf-8")
        for sandbox in _sandboxes():
            if _printed(program, source, made, sandbox):
                with whole_file(to) as work:
                    shutil.copyfile(made, work)
                return True
    progress.note(f"no PDF: {program} could not print it; print the HTML from any browser instead")
    return False


def _sandboxes() -> list[list[str]]:
    """Flags to try in turn: root can have no sandbox, others may not have one."""
    without = ["--no-sandbox"]
    return [without] if os.geteuid() == 0 else [[], without]


def _printed(program: str, source: Path, made: Path, sandbox: list[str]) -> bool:
    """Run the browser for so long at most; it and all it started are gone afterwards."""
    profile = source.parent / "profile"
    command = [
        program, *_FLAGS, *sandbox, f"--user-data-dir={profile}", f"--print-to-pdf={made}",
        source.as_uri(),
    ]  # fmt: skip
    try:
        running = subprocess.Popen(  # noqa: S603 - a browser of this machine, our own page
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        ended = running.wait(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        ended = -1
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    return ended == 0 and made.is_file() and made.read_bytes()[:5] == b"%PDF-"


__all__ = ["browser", "pdf"]
