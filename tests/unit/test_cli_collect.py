"""The commands: collected over HTTP, killed, verified, and never with the token."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import polars as pl
import pytest
from tests.vk_collecting import World, everything_in, new_case, tables
from typer.testing import CliRunner

from claqueur.cli import app
from claqueur.collect.vk import How, Token, collect_vk
from claqueur.errors import ClaqueurError
from claqueur.model import TIME
from claqueur.verify import verify_case
from claqueur.vkserver import VkServer, serve

SECRET = "user-MARKER0of.the-command-line"


@pytest.fixture(scope="module")
def server():
    """A world that is over, over HTTP."""
    world = World(5, 9).at(10)
    with serve(world.server) as base_url:
        yield world, base_url


def flags(world, base_url):
    pages = [part for page in world.wanted.pages for part in ("--page", page)]
    period = ["--since", world.wanted.since, "--until", world.wanted.until]
    return [*pages, *period, "--base-url", base_url, "--rate", "0", "--once"]


def claqueur(*words, **environment):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "claqueur", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_from_the_command_line(server, tmp_path):
    world, base_url = server
    case, log = new_case(tmp_path), tmp_path / "log.txt"
    token = tmp_path / "token.txt"
    token.write_text(SECRET)
    command = ["collect", "vk", case.folder, *flags(world, base_url), "--token-file", token,
               "--clock", "server", "--log-file", log, "--verbose"]  # fmt: skip
    refused = claqueur(*command)
    assert refused.returncode == 2
    assert f"chmod 600 {token}" in refused.stderr
    token.chmod(0o600)
    done = claqueur(*command)
    assert done.returncode == 0, done.stderr
    assert "In the tables:" in done.stdout
    assert "next: claqueur verify" in done.stdout
    assert "5 pages" in done.stderr
    assert tables(case)["polls"]["poll_ms"].unique().to_list() == [world.clock.moment * 1000]
    shown = done.stdout + done.stderr + refused.stdout + refused.stderr + log.read_text()
    assert "MARKER0" not in shown
    assert b"MARKER0" not in everything_in(case.folder)
    assert not re.search(r"\b\d{9}\b", log.read_text()), "no account in the log"

    again = claqueur("collect", "vk", case.folder, "--rebuild")
    assert again.returncode == 0, again.stderr
    assert "Made anew from" in again.stdout
    sound = claqueur("verify", case.folder)
    assert (sound.returncode, "Sound:" in sound.stdout) == (0, True)
    index = case.folder / "evidence" / "index.ndjson"
    index.write_bytes(index.read_bytes().replace(b'"status":200', b'"status":500', 1))
    altered = claqueur("verify", case.folder)
    assert altered.returncode == 1
    assert "was altered" in altered.stdout
    assert "NOT SOUND" in altered.stdout


def test_killed_three_times_and_then_let_be(server, tmp_path):
    """SIGKILL, wherever it is; at the end there is all there is, once."""
    world, base_url = server
    calm, case = new_case(tmp_path, "calm"), new_case(tmp_path, "killed")
    collect_vk(calm, Token("user-x"), world.wanted, world.how(base_url=base_url), once=True)
    command = [sys.executable, "-m", "claqueur", "collect", "vk", str(case.folder),
               *flags(world, base_url), "--clock", "server"]  # fmt: skip
    environment = {**os.environ, "CLAQUEUR_VK_TOKEN": SECRET}
    index = case.folder / "evidence" / "index.ndjson"
    for kill in range(3):
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        before = index.stat().st_size if index.exists() else 0
        for _ in range(2000):
            if index.exists() and index.stat().st_size > before + 3000 * kill:
                break
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert verify_case(case).sound
    for name, table in tables(calm).items():
        ours = tables(case)[name].drop("source", strict=False)
        assert table.drop("source", strict=False).equals(ours), name


def test_a_world_that_runs_fast(tmp_path):
    """Polled in the world's own time, a day a second; over HTTP, by the clock of its answers."""
    world = World(4, 4)
    running = VkServer(world.data, start="2019-01-26T12:00", speed=86_400, rate_limit="off")
    case = new_case(tmp_path)
    with serve(running) as base_url:
        how = How(base_url, most=0, clock="server")
        collect_vk(case, Token("user-x"), replace(world.wanted, poll="4h"), how)
    events = tables(case)["events"].filter(pl.col("action") == "like")
    truth = world.data.acts.filter(pl.col("action") == "like").with_columns(
        pl.col("account_id").cast(pl.String), at=(pl.col("time") * 1000).cast(TIME)
    )
    both = events.join(
        truth.select("account_id", "object_id", "at"), on=["account_id", "object_id"]
    )
    assert both.height == events.height > 300
    width = (both["time_max"] - both["time_min"]).dt.total_hours()
    assert width.median() <= 12
    # At this pace a request takes minutes of the world, in which likes go on.
    spare = pl.duration(minutes=40)
    inside = pl.col("at").is_between(pl.col("time_min") - spare, pl.col("time_max") + spare)
    assert both.select(inside.mean()).item() > 0.99
    assert verify_case(case).sound


def test_interrupted_it_brings_in_what_there_is(server, tmp_path):
    world, base_url = server
    case = new_case(tmp_path)
    slow = ["1" if word == "0" else word for word in flags(world, base_url)]
    process = subprocess.Popen(
        [sys.executable, "-m", "claqueur", "collect", "vk", str(case.folder), *slow],
        env={**os.environ, "CLAQUEUR_VK_TOKEN": SECRET}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    index = case.folder / "evidence" / "index.ndjson"
    for _ in range(1000):
        if index.exists() and index.read_bytes().count(b"execute") >= 2:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, shown = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "interrupted" in shown
    assert case.imports(), shown
    assert verify_case(case).sound


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--page", "club1"], "--since"),
        (["--page", "id1", "--since", "2019-02-01"], "is a person"),
        (["--page", "club1", "--since", "2019-02-01", "--clock", "sun"], "write wall or server"),
        (["--page", "club1", "--since", "2019-02-01", "--rate", "9"], "VK allows 3"),
        (["--page", "club1", "--since", "2019-02-01", "--token-kind", "x"], "write user"),
        (["--page", "club1", "--since", "2019-02-01", "--patience", "long"], "long"),
        ([], "no page"),
        (["--rebuild"], "no evidence to rebuild from"),
    ],
)
def test_what_cannot_be(tmp_path, monkeypatch, words, says):
    monkeypatch.setenv("CLAQUEUR_VK_TOKEN", SECRET)
    case = new_case(tmp_path)
    result = CliRunner().invoke(app, ["collect", "vk", str(case.folder), *words])
    assert isinstance(result.exception, ClaqueurError), result.output
    assert result.exception.exit_code == 2
    assert says in str(result.exception)


def test_without_a_token(tmp_path, monkeypatch):
    monkeypatch.delenv("CLAQUEUR_VK_TOKEN", raising=False)
    case = new_case(tmp_path)
    words = ["collect", "vk", str(case.folder), "--page", "club1", "--since", "2019-02-01"]
    result = CliRunner().invoke(app, words)
    assert "set CLAQUEUR_VK_TOKEN" in str(result.exception)


def test_a_case_without_evidence_is_sound(tmp_path):
    result = CliRunner().invoke(app, ["verify", str(new_case(tmp_path).folder)])
    assert result.exit_code == 0
    assert "there is no evidence" in result.output
