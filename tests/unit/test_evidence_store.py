"""Evidence: what was received stays, whatever happens, and what was altered is named."""

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from claqueur import evidence_store
from claqueur.errors import CaseError, RunError
from claqueur.evidence_store import ANSWER, AlteredError, Evidence, EvidenceWriter, Received


def received(number: int, body: bytes | None = None) -> Received:
    text = body if body is not None else json.dumps({"response": [number] * 50}).encode()
    return Received("wall.get", {"owner_id": str(number)}, 1000 + number, 200, {"date": "x"}, text,
                    None, [f"{number}/wall"])  # fmt: skip


def fill(folder, count=5):
    with EvidenceWriter(folder) as writer:
        for number in range(count):
            writer.append(received(number))


def bodies(folder):
    evidence = Evidence(folder)
    return [evidence.body(entry) for entry in evidence.entries() if entry.kind == ANSWER]


class TestKeeping:
    def test_what_goes_in_comes_out(self, tmp_path):
        fill(tmp_path)
        entries = list(Evidence(tmp_path).entries())
        assert [entry.number for entry in entries] == [0, 1, 2, 3, 4]
        assert entries[3].facts["method"] == "wall.get"
        assert entries[3].facts["params"] == {"owner_id": "3"}
        assert bodies(tmp_path)[3] == received(3).body

    def test_equal_answers_are_kept_once(self, tmp_path):
        with EvidenceWriter(tmp_path) as writer:
            entries = [writer.append(received(n, b"same")) for n in range(50)]
        assert len({entry.place for entry in entries}) == 1
        assert (tmp_path / "packs" / "000001.zst").stat().st_size < 50
        with EvidenceWriter(tmp_path) as writer:
            assert writer.append(received(50, b"same")).place == entries[0].place

    def test_packs_are_plain_zstandard(self, tmp_path):
        if not shutil.which("zstd"):
            pytest.skip("needs zstd")
        fill(tmp_path)
        plain = subprocess.run(
            ["zstd", "-dc", tmp_path / "packs" / "000001.zst"], capture_output=True, check=True
        ).stdout
        assert plain == b"".join(bodies(tmp_path))

    def test_full_packs_are_followed_by_others(self, tmp_path, monkeypatch):
        monkeypatch.setattr(evidence_store, "PACK_BYTES", 100)
        fill(tmp_path, 8)
        assert len(list((tmp_path / "packs").glob("*.zst"))) > 2
        fill(tmp_path, 10)
        assert len(bodies(tmp_path)) == 18

    def test_it_goes_on_where_it_ended(self, tmp_path):
        fill(tmp_path, 3)
        fill(tmp_path, 2)
        assert [entry.number for entry in Evidence(tmp_path).entries()] == [0, 1, 2, 3, 4]


class TestCutTails:
    @pytest.mark.parametrize("cut", [1, 5, 100, 250])
    def test_a_line_cut_short_is_dropped_and_said(self, tmp_path, cut):
        fill(tmp_path)
        index = tmp_path / "index.ndjson"
        index.write_bytes(index.read_bytes()[:-cut])
        assert len(list(Evidence(tmp_path).entries())) == 4, "readers leave it out"
        fill(tmp_path, 1)
        kinds = [entry.kind for entry in Evidence(tmp_path).entries()]
        assert kinds == [ANSWER] * 4 + ["cut", ANSWER]
        assert len(bodies(tmp_path)) == 5

    def test_an_answer_without_its_line(self, tmp_path):
        fill(tmp_path)
        pack = tmp_path / "packs" / "000001.zst"
        size = pack.stat().st_size
        pack.write_bytes(pack.read_bytes() + b"half a frame")
        with EvidenceWriter(tmp_path) as writer:
            assert writer.count == 6
        assert pack.stat().st_size == size
        (note,) = [entry for entry in Evidence(tmp_path).entries() if entry.kind == "cut"]
        assert note.facts["pack_bytes"] == 12

    def test_after_a_power_cut_lines_may_be_ahead_of_answers(self, tmp_path):
        fill(tmp_path)
        pack = tmp_path / "packs" / "000001.zst"
        pack.write_bytes(pack.read_bytes()[:-3])
        fill(tmp_path, 1)
        assert len(bodies(tmp_path)) == 5
        (note,) = [entry for entry in Evidence(tmp_path).entries() if entry.kind == "cut"]
        assert note.facts["records"] == 1

    def test_an_altered_record_is_not_gone_on_from(self, tmp_path):
        fill(tmp_path)
        index = tmp_path / "index.ndjson"
        index.write_text(index.read_text().replace('"owner_id":"2"', '"owner_id":"9"'))
        with pytest.raises(CaseError, match=r"record 2 was altered.*claqueur verify"):
            EvidenceWriter(tmp_path)

    @pytest.mark.parametrize("times", range(3))
    def test_killed_while_writing(self, tmp_path, times):
        code = (
            "import sys; from pathlib import Path\n"
            "from tests.unit.test_evidence_store import received\n"
            "from claqueur.evidence_store import EvidenceWriter\n"
            "writer = EvidenceWriter(Path(sys.argv[1]))\n"
            "for n in range(10**6):\n    writer.append(received(n))\n    print(n, flush=True)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        said = [process.stdout.readline()]
        time.sleep(0.1 + times * 0.05)
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read().split()
        process.wait()
        process.stdout.close()
        with EvidenceWriter(tmp_path) as writer:
            assert writer.count >= len(said)
        assert len(bodies(tmp_path)) >= int(said[-1]) + 1, "what was there before is there"


class TestFullDisk:
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    @pytest.mark.parametrize("fails_at", [0, 1])
    def test_explains_itself_and_keeps_what_was(self, tmp_path, monkeypatch, number, fails_at):
        fill(tmp_path)
        with EvidenceWriter(tmp_path) as writer:
            write, calls = io.FileIO.write, []

            class Full(io.FileIO):
                def write(self, data):
                    calls.append(1)
                    if len(calls) > fails_at:
                        # Some of it still fits.
                        write(self, bytes(data[:7]))
                        raise OSError(number, os.strerror(number))
                    return write(self, data)

            full = [Full(file.name, "ab") for file in (writer._pack, writer._index)]
            writer._pack, writer._index = map(writer._files.enter_context, full)
            with pytest.raises(RunError, match="the disk is full; everything received until now"):
                writer.append(received(5))
        fill(tmp_path, 1)
        assert len(bodies(tmp_path)) == 6
        assert bodies(tmp_path)[:5] == [received(n).body for n in range(5)]


class TestOneWriter:
    def test_a_second_one_is_refused(self, tmp_path):
        with EvidenceWriter(tmp_path):
            with pytest.raises(CaseError, match=rf"process {os.getpid()}\) is writing"):
                EvidenceWriter(tmp_path)
        with EvidenceWriter(tmp_path):
            pass

    def test_the_lock_of_a_dead_process_is_none(self, tmp_path):
        (tmp_path / "packs").mkdir()
        (tmp_path / ".lock").write_text("1\n")
        with EvidenceWriter(tmp_path) as writer:
            assert writer.count == 0


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "evidence").write_text("a file")
    with pytest.raises(CaseError, match="cannot be made"):
        EvidenceWriter(tmp_path / "evidence")


def test_only_its_owner_may_read_it(tmp_path):
    fill(tmp_path / "evidence")
    assert (tmp_path / "evidence").stat().st_mode & 0o077 == 0


def test_an_answer_that_was_altered(tmp_path):
    fill(tmp_path)
    pack = tmp_path / "packs" / "000001.zst"
    raw = bytearray(pack.read_bytes())
    raw[len(raw) // 2] ^= 1
    pack.write_bytes(raw)
    with pytest.raises(AlteredError, match=r"packs/000001\.zst"):
        bodies(tmp_path)
