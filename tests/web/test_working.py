"""The whole way through the room, from a dropped file to a package, with real jobs."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import polars as pl
import pytest

from claqueur import custody
from claqueur.case import open_case
from claqueur.package import check_package
from claqueur.record import now
from claqueur.verify import verify_case
from claqueur.web import jobs
from claqueur.web.worker import end_of
from tests.conftest import lockstep_table
from tests.web.conftest import Room

CASE = {"case": "planted"}
PATIENCE_S = 60


@pytest.fixture(autouse=True, scope="module")
def no_browser():
    """PDFs are the document's own matter, and take seconds each."""
    before = os.environ.get("CLAQUEUR_CHROMIUM")
    os.environ["CLAQUEUR_CHROMIUM"] = "/nowhere"
    yield
    del os.environ["CLAQUEUR_CHROMIUM"]
    if before is not None:
        os.environ["CLAQUEUR_CHROMIUM"] = before


def until(known: Callable[[], object]) -> None:
    """Wait until something is so."""
    for _ in range(PATIENCE_S * 20):
        if known():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


def ended(room: Room, job: dict) -> dict:
    """The job once it has ended."""
    until(lambda: room.get(f"/api/jobs/{job['id']}")["state"] not in ("queued", "running"))
    return room.get(f"/api/jobs/{job['id']}")


def done(room: Room, job: dict) -> dict:
    """The result of a job that ends well."""
    found = ended(room, job)
    assert found["state"] == "done", found
    return found["result"]


def dropped(room: Room, name: str, content: bytes, **case: str) -> dict:
    headers = {"x-claqueur-csrf": room.csrf}
    answer = room.client.post(
        "/api/uploads", params={"name": name, **case}, content=content, headers=headers
    )
    assert answer.status_code == 201
    return answer.json()


def likes() -> bytes:
    table = lockstep_table(24).with_columns(owner_id=pl.lit("-1"), action=pl.lit("like"))
    # Everybody follows one page, so it is known that the group is no institution's.
    follows = table.unique("account_id", maintain_order=True).with_columns(
        object_id=pl.lit("-5"), owner_id=pl.lit("-5"), action=pl.lit("follow")
    )
    return pl.concat([table, follows]).rename({"account_id": "who"}).write_csv().encode()


def in_this_process(room: Room) -> None:
    """Jobs end before they are acknowledged, without the seconds in which a process starts."""

    def run(case: str, folder: Path) -> None:
        jobs.write(folder / "started", {"time": now()})
        jobs.write(folder / "end.json", {**end_of(folder), "ended": now()})

    room.client.app.state.server.jobs._run = run


def test_from_a_dropped_file_to_a_package(room, monkeypatch):
    monkeypatch.setenv("CLAQUEUR_USER", "")
    of = {"case": "vera"}
    room.post("/api/cases", {"case": "vera", "name": "Vera"}, 201)
    room.post("/api/cases", {"case": "vera"}, 409)
    found = dropped(room, "likes.csv", likes(), **of)
    at = f"/api/uploads/{found['id']}/preview"
    assert "account_id" in room.post(at, {"reading": {}}, params=of)["trouble"]
    reading = {"map": {"account_id": "who"}, "timezone": "Europe/Moscow"}
    look = room.post(at, {"reading": reading}, params=of)
    assert (look["trouble"], look["holds"], look["masked"]) == (None, "events", ["who"])

    body = {"uploads": [found["id"]], "reading": reading}
    result = done(room, room.post("/api/imports", body, 202, params=of))
    assert result["added"] == result["delivered"] == 24 * 8 + 600 + 224
    data = room.get("/api/data", **of)
    assert (data["uploads"], data["zone"]) == ([], "Europe/Moscow")
    assert data["events"]["accounts"] == 224
    assert data["events"]["first_time"].startswith("2020-09-13")

    in_this_process(room)
    wrong = {"settings": {"detect": {"window": ["300s"]}}}
    assert "--min-objects" in json.dumps(room.post("/api/runs", wrong, 400, params=of))
    chosen = {"settings": {"detect": {"window": ["300s"], "min_objects": 5}}}
    run = done(room, room.post("/api/runs", chosen, 202, params=of))["run"]
    assert room.get("/api/cases/vera")["latest"]["run"] == run
    assert len(list((room.folder / "vera" / "room" / "cache" / run).glob("network-*"))) == 4

    room.post("/api/publish", {}, 400, params=of)
    assert not room.get("/api/publish", **of)["ready"]
    room.post("/api/review/decisions", {"keys": ["1"], "verdict": "accepted", "note": "read"},
              params=of)  # fmt: skip
    assert room.get("/api/publish", **of)["ready"]
    check = done(room, room.post("/api/publish/check", {}, 202, params=of))
    assert (check["allowed"], check["reasons"]) == (True, [])
    made = done(room, room.post("/api/publish", {"languages": ["en"]}, 202, params=of))
    (package,) = room.get("/api/publish", **of)["packages"]
    assert package["package"] == made["package"]
    assert (package["accepted"], package["there"], package["sealed"]) == (1, True, False)

    archive = zipfile.ZipFile(io.BytesIO(room.client.get(package["zip"]).content))
    archive.extractall(room.folder.parent / "unpacked")
    sound = check_package(room.folder.parent / "unpacked" / package["package"])
    assert sound.sound
    assert sound.digest == package["digest"]
    report = room.client.get(package["reports"]["en"])
    assert report.headers["content-disposition"].startswith("attachment")
    assert room.get("/api/cases/vera")["next"] == "done"

    result = done(room, room.post("/api/verify", None, 202, params=of))
    assert (result["sound"], result["faults"]) == (True, [])
    words = [row["what"] for row in room.get("/api/log", **of)["rows"]]
    assert words[0].startswith("published package-")
    assert words[-1] == "made the case"


def test_what_is_prepared_is_no_part_of_the_run(room):
    case = open_case(room.folder / "planted")
    before = {run.name: custody.hashes(run) for run in case.runs()}
    for run in before:
        room.get("/api/network/graph", run=run, **CASE)
    assert {run.name: custody.hashes(run) for run in case.runs()} == before
    assert verify_case(case).sound


def test_an_import_that_fails_changes_nothing(room, monkeypatch):
    monkeypatch.setenv("CLAQUEUR_USER", "")
    in_this_process(room)
    found = dropped(room, "odd.csv", b"a,b\n1,2\n", **CASE)
    job = room.post("/api/imports", {"uploads": [found["id"]]}, 202, params=CASE)
    failed = ended(room, job)
    assert (failed["state"], failed["error"]["kind"]) == ("failed", "SourceError")
    assert len(room.get("/api/data", **CASE)["imports"]) == 1
    assert [each["id"] for each in room.get("/api/data", **CASE)["uploads"]] == [found["id"]]
    room.send("DELETE", f"/api/uploads/{found['id']}", status=204, params=CASE)
    room.send("DELETE", f"/api/uploads/{found['id']}", None, 404, params=CASE)


class TestJobs:
    def test_tell_how_they_go(self, room):
        job = room.post("/api/verify", None, 202, params=CASE)
        text = room.client.get(f"/api/jobs/{job['id']}/events").text
        events = re.findall(r"event: (\w+)\nid: (\d+)\ndata: (.*)\n\n", text)
        assert events[-1][0] == "end"
        assert {kind for kind, _, _ in events[:-1]} <= {"progress"}
        assert [int(number) for _, number, _ in events] == list(range(1, len(events) + 1))
        assert json.loads(events[-1][2])["state"] == "done"

    def test_are_cancelled_and_leave_nothing(self, room):
        job = room.post("/api/runs", {}, 202, params=CASE)
        room.post(f"/api/jobs/{job['id']}/cancel", None, 202)
        assert ended(room, job)["state"] == "cancelled"
        assert len(room.get("/api/runs", **CASE)["runs"]) == 2
        assert not list((room.folder / "planted" / "runs").glob(".*"))

    def test_wait_for_each_other_in_one_case(self, room):
        first = room.post("/api/verify", None, 202, params=CASE)
        second = room.post("/api/verify", None, 202, params=CASE)
        assert (first["state"], second["state"]) == ("running", "queued")
        room.post(f"/api/jobs/{second['id']}/cancel", None, 202)
        assert ended(room, first)["state"] == "done"
        assert room.get(f"/api/jobs/{second['id']}")["state"] == "cancelled"

    def test_killed_are_marked_as_interrupted(self, room):
        job = room.post("/api/runs", {}, 202, params=CASE)
        folder = room.folder / "planted" / "room" / "jobs" / job["id"]
        until((folder / "process.json").exists)
        os.kill(jobs.read(folder / "process.json")["process"], signal.SIGKILL)
        assert ended(room, job)["state"] == "interrupted"

    def test_of_no_such_name(self, reading):
        for name in ("x", "20251125-000000-0123456789ab", "..", "%2e%2e%2fplanted"):
            assert reading.client.get(f"/api/jobs/{name}").status_code == 404


class Served:
    """``claqueur serve`` as its users start it."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "claqueur", "serve", folder, "--no-open"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "CLAQUEUR_USER": "Anna"},
        )  # fmt: skip
        address = self.process.stdout.readline().split()[-1]
        self.client = httpx.Client(base_url=address.partition("?")[0], timeout=PATIENCE_S)
        self.client.get(address)
        self.headers = {"x-claqueur-csrf": self.client.get("/api/session").json()["csrf"]}

    def end(self, how: signal.Signals) -> None:
        self.client.close()
        self.process.send_signal(how)
        self.process.wait()
        self.process.stdout.close()


def test_kill_9_loses_nothing_that_was_acknowledged(folder):
    served = Served(folder)
    job = served.client.post("/api/runs", params=CASE, json={}, headers=served.headers).json()
    assert job["state"] == "running"
    with served.client.stream("GET", "/api/events", params=CASE) as events:
        lines = events.iter_lines()
        assert next(lines) == "event: job"
        assert job["id"] in next(line for line in lines if line.startswith("data: "))
    body = {"keys": ["1"], "verdict": "doubtful", "note": "a choir?"}
    answer = served.client.post(
        "/api/review/decisions", params=CASE, json=body, headers=served.headers
    )
    assert answer.status_code == 200
    run = answer.json()["run"]
    served.end(signal.SIGKILL)

    served = Served(folder)
    review = served.client.get("/api/review", params={**CASE, "run": run}).json()
    assert (review["findings"][0]["verdict"], review["findings"][0]["user"]) == ("doubtful", "Anna")
    at = f"/api/jobs/{job['id']}"
    assert served.client.get(at).json()["state"] in ("running", "done")
    until(lambda: served.client.get(at).json()["state"] == "done")
    assert len(served.client.get("/api/runs", params=CASE).json()["runs"]) == 3
    served.end(signal.SIGINT)
    assert served.process.returncode == 0


class TestReview:
    def decide(self, room, verdict, note="because"):
        body = {"keys": ["1"], "verdict": verdict, "note": note}
        return room.post("/api/review/decisions", body, params=CASE)

    def verdict(self, room) -> str:
        return room.get("/api/review", **CASE)["findings"][0]["verdict"]

    def test_undo_goes_back_step_by_step(self, room):
        for verdict in ("accepted", "doubtful"):
            self.decide(room, verdict)
        assert room.get("/api/groups/1", **CASE)["verdict"] == "doubtful"
        for expected in ("accepted", ""):
            room.post("/api/review/undo", {"key": "1"}, params=CASE)
            assert self.verdict(room) == expected
        room.post("/api/review/undo", {"key": "1"}, 409, params=CASE)
        self.decide(room, "rejected")
        assert self.verdict(room) == "rejected"
        made = room.get("/api/review/history", key="1", **CASE)["decisions"]
        assert [each["verdict"] for each in made] == ["accepted", "doubtful", "", "", "rejected"]

    def test_several_at_once_or_none(self, room):
        body = {"keys": ["1", "none"], "verdict": "accepted", "note": "x"}
        room.post("/api/review/decisions", body, 400, params=CASE)
        assert self.verdict(room) == ""

    def test_the_checklist(self, room):
        at = "/api/review/checklist"
        found = room.send("PUT", f"{at}/wrote-to-them", {"done": True, "note": "5 May"},
                          params=CASE)  # fmt: skip
        assert (found["done"], found["total"]) == (1, 10)
        assert found["items"][1]["user"] == "Anna"
        room.send("PUT", f"{at}/wrote-to-them", {"done": False}, params=CASE)
        assert room.get(at, **CASE)["done"] == 0
        room.send("PUT", f"{at}/unknown", {"done": True}, 400, params=CASE)

    def test_two_reviewers_give_a_precision(self, room):
        at = "/api/review/sample"
        assert room.get(at, **CASE) == {"sample": None, "result": None}
        room.post(at, {"members": 4}, 422, params=CASE)
        found = room.post(at, {"members": 10}, 201, params=CASE)["sample"]
        assert (found["members"], found["controls"], found["mine"]) == (10, 10, 0)
        cards = room.get(f"{at}/cards", **CASE)["rows"]
        assert not re.search(r"7000000\d\d|\b8000\d{5}\b|group|_value", json.dumps(cards))
        # Members are those who wrote comments besides: one can tell by how much they did.
        by_size = sorted(cards, key=lambda card: -card["actions"])
        members = {card["place"] for card in by_size[:10]}
        for user in ("Anna", "Boris"):
            room.send("PATCH", "/api/session", {"user": user})
            for card in cards:
                own = "lockstep" if card["place"] in members else "organic"
                if user == "Boris" and card is by_size[0]:
                    own = "unsure"
                judged = {"place": card["place"], "judgement": own}
                room.post(f"{at}/judgements", judged, params=CASE)
        found = room.get(at, **CASE)
        assert found["sample"]["judged"] == {"Anna": 20, "Boris": 20}
        result = found["result"]
        assert result["precision"]["yes"] == 9
        assert result["precision"]["low"] == pytest.approx(0.555, abs=1e-3)
        assert result["precision"]["high"] == pytest.approx(0.9975, abs=1e-3)
        assert (result["controls"]["yes"], result["each"]["Anna"]["share"]) == (0, 1.0)
        assert (result["agreement"], result["unsure"]) == (0.95, 1)
        assert result["kappa"] == pytest.approx(0.9048, abs=1e-3)
        room.post(f"{at}/judgements", {"place": 0, "judgement": "unsure"}, 409, params=CASE)
        log = json.dumps([each.facts for each in custody.entries(room.folder / "planted")])
        assert "7000000" not in log


class TestDirectives:
    def test_a_draft_is_kept_checked_and_registered(self, room):
        record = room.get("/api/directives/minutes", **CASE)["record"]
        assert [item["number"] for item in record["items"]] == ["1", "2", "3"]
        wrong = {**record, "title": "", "items": [{**record["items"][2], "start": None}]}
        found = room.post("/api/directives", {"name": "second", "record": wrong}, 201, params=CASE)
        assert found["state"] == "draft"
        assert any(line.startswith("item 3: start") for line in found["problems_list"])
        room.post("/api/directives/second/register", {}, 400, params=CASE)
        right = {**record, "title": "Second minutes", "restricted": None}
        found = room.send("PUT", "/api/directives/second", {"record": right}, params=CASE)
        assert (found["problems_list"], found["title"]) == ([], "Second minutes")
        registration = room.post("/api/directives/second/register", {}, params=CASE)
        assert registration["after_collection"] is True
        listed = room.get("/api/directives", **CASE)["directives"]
        assert [each["state"] for each in listed] == ["registered", "registered"]
        by = custody.entries(room.folder / "planted", custody.REGISTERED)[-1].facts["user"]
        assert by == "Anna"

    def test_what_is_restricted_stays(self, room):
        path = room.folder / "planted" / "directives" / "minutes.toml"
        before = room.get("/api/directives/minutes", **CASE)["record"]
        own = {**before, "restricted": {**before["restricted"], "notes": "on paper"}}
        room.send("PUT", "/api/directives/minutes", {"record": own}, params=CASE)
        nonce = re.search(r"nonce = .*", path.read_text())[0]
        assert "on paper" in path.read_text()
        room.send(
            "PUT", "/api/directives/minutes", {"record": {**before, "restricted": None}},
            params=CASE,
        )  # fmt: skip
        assert "on paper" in path.read_text()
        assert nonce in path.read_text()
        assert path.stat().st_mode & 0o077 == 0

    def test_people_are_no_part_of_a_record(self, reading):
        record = {"title": "x", "items": [{"number": "1", "employees": ["Ivanova"]}]}
        found = reading.post("/api/directives/check", {"record": record}, params=CASE)
        assert any("employees" in line for line in found["problems"])

    def test_minutes_suggest(self, reading):
        text = "3. Обеспечить лайки на vk.com/club1001 до 15.03.2019, тел. 89131234567"
        found = reading.post("/api/directives/suggest", {"text": text}, params=CASE)
        assert found["dates"][0]["day"] == "2019-03-15"
        assert found["links"][0]["id"] == "-1001"
        assert "8913" not in json.dumps(found)


def test_uploads_do_not_grow_memory_with_the_file(folder):
    """The server writes pieces as they come; 100 MB pass within 40 MB."""
    served = Served(folder)
    status = Path(f"/proc/{served.process.pid}/status")
    if not status.exists():
        pytest.skip("needs /proc to see the memory of a process; NOT TESTED HERE")
    peak = re.compile(r"VmHWM:\s+(\d+) kB")
    before = int(peak.search(status.read_text())[1])

    def pieces():
        for _ in range(100):
            yield b"x" * 1_000_000

    answer = served.client.post(
        "/api/uploads", params={**CASE, "name": "x.csv"}, content=pieces(), headers=served.headers
    )
    after = int(peak.search(status.read_text())[1])
    served.end(signal.SIGINT)
    assert answer.json()["bytes"] == 100_000_000
    assert after - before < 40_000
