"""What is kept of a run that is killed, and what is said when the disk or a file fails."""

import errno
import json
import signal
import subprocess
import sys
import time

import polars as pl
import pyarrow.parquet as pq
import pytest

from claqueur.case import create_case
from claqueur.errors import CaseError, RunError, SourceError
from claqueur.pipeline import add, detect, detect_to, detection, run_case
from claqueur.progress import SILENT, Silent
from claqueur.scratch import Scratch, scratch
from claqueur.settings import Grouping, Reading, Scale
from claqueur.verify import verify_case

ROWS = 20_000


@pytest.fixture(scope="module")
def partitions(tmp_path_factory):
    """A table in three Parquet partitions; far more of it than --memory 1MB holds."""
    folder = tmp_path_factory.mktemp("partitions")
    rows = pl.DataFrame({"n": range(ROWS)}).select(
        account_id="a" + (pl.col("n") * 7919 % 997).cast(pl.String),
        object_id="wall-1_" + (pl.col("n") * 31 % 1499).cast(pl.String),
        timestamp=1_550_000_000 + pl.col("n") * 104_729 % 86_400,
    )
    for number, part in enumerate(rows.iter_slices(ROWS // 3 + 1)):
        # As Spark writes them, with a checksum a page.
        pq.write_table(part.to_arrow(), folder / f"part-{number}.parquet", write_page_checksum=True)
    return folder


class Plans(Silent):
    def __init__(self, told):
        self.told = told

    def note(self, text):
        if text.startswith("plan: "):
            self.told.append(text)


def run(partitions, out, memory="1MB", files=None, told=None):
    return detect_to(
        files or sorted(partitions.glob("*.parquet")),
        out,
        detection({"window": ("10m",), "min_objects": 2}),
        reading=Reading(),
        grouping=Grouping(),
        scale=Scale(memory=memory),
        report=False,
        progress=SILENT if told is None else Plans(told),
    )


def tables(folder):
    return {path.name: pl.read_parquet(path) for path in folder.glob("*.parquet")}


def same(one, other):
    assert one.keys() == other.keys()
    for name, table in one.items():
        assert table.equals(other[name], null_equal=True), name


@pytest.fixture(scope="module")
def expected(partitions, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    run(partitions, out, memory="10GB")
    assert tables(out)["pairs.parquet"].height > 100
    return tables(out)


def test_a_small_budget_gives_the_same_tables_and_leaves_nothing_behind(
    partitions, expected, tmp_path
):
    run(partitions, tmp_path / "out")
    same(tables(tmp_path / "out"), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["events"]["delivered"] == ROWS


def test_the_api_takes_a_budget_too(partitions, expected):
    files = sorted(partitions.glob("*.parquet"))
    result = detect(files, window="10m", min_objects=2, memory="1MB")
    assert result.pairs.equals(expected["pairs.parquet"], null_equal=True)


STOPS = """
import os, signal, sys
from pathlib import Path
from claqueur.engines import large
from tests.unit.test_scratch import run
count = large._Blocks._count
done = []
def killed(self, p, q, credit):
    if len(done) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append((p, q))
    return count(self, p, q, credit)
large._Blocks._count = killed
run(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_run_killed_among_its_blocks_goes_on_with_those_that_are_left(
    partitions, expected, tmp_path, monkeypatch
):
    from claqueur.engines import large

    out = tmp_path / "out"
    died = subprocess.run([sys.executable, "-c", STOPS, partitions, out], check=False)
    assert died.returncode == -signal.SIGKILL
    assert not out.exists()
    blocks = tmp_path / ".out.blocks"
    assert len(list(blocks.glob("pairs-0-600000/block-*.json"))) == 3
    counted = []
    count = large._Blocks._count
    monkeypatch.setattr(
        large._Blocks, "_count", lambda *args: counted.append(args[1:3]) or count(*args)
    )
    monkeypatch.setattr("claqueur.spill._read", lambda *_: pytest.fail("read again"))
    run(partitions, out)
    same(tables(out), expected)
    assert not blocks.exists()
    assert counted
    assert not {(0, 0), (0, 1), (0, 2)} & set(counted)
    record = json.loads((out / "run.json").read_text())
    assert record["events"]["delivered"] == ROWS
    assert len(record["inputs"]) == 3


def test_another_budget_lays_its_own_blocks_out(partitions, expected, tmp_path):
    out = tmp_path / "out"
    died = subprocess.run([sys.executable, "-c", STOPS, partitions, out], check=False)
    assert died.returncode == -signal.SIGKILL
    noted = tmp_path / ".out.blocks" / "pairs-0-600000" / "laid-out.json"
    before = json.loads(noted.read_text())["n_groups"]
    plans = []
    run(partitions, out, memory="1500KB", told=plans)
    assert f"P = {before} " not in plans[0]
    same(tables(out), expected)


def test_other_settings_begin_anew(tmp_path):
    with pytest.raises(ZeroDivisionError), scratch(tmp_path / "s", {"window": 1}) as first:
        first.finish("read", n=1)
        first.write("deep/table", pl.DataFrame({"x": [1]}))
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), scratch(tmp_path / "s", {"window": 1}) as again:
        assert again.done("read") == {"n": 1}
        raise ZeroDivisionError
    with scratch(tmp_path / "s", {"window": 2}) as other:
        assert other.done("read") is None
        assert not (other.folder / "deep").exists()
    assert not (tmp_path / "s").exists()


def test_two_runs_do_not_share_a_scratch(tmp_path):
    with scratch(tmp_path / "s", {}), pytest.raises(CaseError, match="another run is at work"):
        scratch(tmp_path / "s", {}).__enter__()


def test_a_full_disk_is_said_and_earlier_results_stay(partitions, expected, tmp_path, monkeypatch):
    run(partitions, tmp_path / "earlier")
    written = []
    write = Scratch.write

    def full(self, name, frame):
        written.append(name)
        if len(written) == 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, name, frame)

    monkeypatch.setattr(Scratch, "write", full)
    with pytest.raises(RunError, match="the disk is full"):
        run(partitions, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    same(tables(tmp_path / "earlier"), expected)
    monkeypatch.undo()
    run(partitions, tmp_path / "out")
    same(tables(tmp_path / "out"), expected)


def test_a_corrupt_partition_is_named_and_refused(partitions, tmp_path):
    files = [tmp_path / path.name for path in sorted(partitions.glob("*.parquet"))]
    for path in files:
        whole = (partitions / path.name).read_bytes()
        # One bit of the second is wrong, in the middle of its pages.
        broken = bytearray(whole)
        broken[len(whole) // 2] ^= 1
        path.write_bytes(broken if path.name == "part-1.parquet" else whole)
    with pytest.raises(SourceError, match=r"part-1\.parquet"):
        run(partitions, tmp_path / "out", files=files)
    assert not (tmp_path / "out").exists()


def test_a_corrupt_file_of_the_scratch_is_named(tmp_path):
    place = Scratch(tmp_path)
    place.write("sorted-0001", pl.DataFrame({"x": range(5000)}))
    data = bytearray(place.path("sorted-0001").read_bytes())
    data[len(data) // 3] ^= 1
    place.path("sorted-0001").write_bytes(bytes(data))
    with pytest.raises(RunError, match=r"sorted-0001\.parquet: is damaged"):
        place.read("sorted-0001")


def test_ctrl_c_keeps_what_is_done(partitions, expected, tmp_path):
    out = tmp_path / "out"
    files = [str(path) for path in sorted(partitions.glob("*.parquet"))]
    command = [
        sys.executable, "-m", "claqueur", "detect", *files, "--window", "10m", "--min-objects", "2",
        "--memory", "1MB", "--no-report", "--out", str(out),
    ]  # fmt: skip
    slow = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    marker = tmp_path / ".out.blocks" / "read.json"
    while not marker.exists() and slow.poll() is None:
        time.sleep(0.005)
    slow.send_signal(signal.SIGINT)
    _, said = slow.communicate()
    assert "Traceback" not in said
    if slow.returncode:  # it may just have been quicker
        assert not out.exists()
        assert marker.exists()
        subprocess.run(command, check=True, capture_output=True)
    same(tables(out), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_case_larger_than_memory_runs_from_its_store(partitions, expected, tmp_path):
    case = create_case(tmp_path / "case", detect={"window": ["10m"], "min_objects": 2})
    add(case, sorted(partitions.glob("*.parquet")))
    small = run_case(case, scale=Scale(memory="1MB"))
    same(tables(small), expected)
    assert not (case.folder / "scratch").exists()
    assert verify_case(case).sound
    large = run_case(case)
    same(tables(large), expected)
    one, other = (json.loads((run / "run.json").read_text()) for run in (small, large))
    assert one["networks"] == other["networks"]
    assert one["events"] == other["events"]
