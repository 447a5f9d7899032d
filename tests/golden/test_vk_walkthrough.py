"""The walk-through of docs/vk.md, run as it stands there: it ends in a report on the order."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
from tests.conftest import ROOT

from claqueur.case import open_case
from claqueur.results import Result

DOC = (ROOT / "docs" / "vk.md").read_text(encoding="utf-8")


def blocks() -> tuple[str, list[str]]:
    """The command of the one terminal, and those of the other."""
    (server,) = re.findall(r"```sh\n(.*?)\n```", DOC, re.DOTALL)
    (others,) = re.findall(r"```bash\n(.*?)\n```", DOC, re.DOTALL)
    return server, others.splitlines()


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_it_finds_the_simulated_order(tmp_path):
    port, (serving, commands) = free_port(), blocks()
    # As it stands there, but for the port and the pace.
    serving = serving.replace("8123", port) + " --rate-limit off"
    assert sum("collect vk" in line for line in commands) == 1
    script = "\n".join(
        line.replace("8123", port) + (" --rate 0" if "collect vk" in line else "")
        for line in commands
    )
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with subprocess.Popen(
        ["bash", "-c", f"exec {serving}"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(int(port))
            done = subprocess.run(
                ["bash", "-euc", script], cwd=tmp_path, env=environment, capture_output=True,
                text=True, check=False,
            )  # fmt: skip
        finally:
            server.send_signal(signal.SIGTERM)
    assert done.returncode == 0, done.stderr
    assert "Sound: every record, every answer and every table is what was written" in done.stdout
    case = open_case(tmp_path / "krasnoyarsk")
    result = Result.load(case.latest_run())
    assert result.groups.height == 1
    truth = pl.read_parquet(tmp_path / "world" / "truth.parquet")
    roles = result.accounts.join(truth, on="account_id")["role"].value_counts()
    found = dict(roles.iter_rows())
    assert found.pop("ordered") > 100
    assert sum(found.values()) <= 10, found
    assert set(found) <= {"head"}
    (report,) = (tmp_path / "krasnoyarsk" / "report").iterdir()
    assert "evidence/index.ndjson" in report.read_text(encoding="utf-8")


def wait_for(port: int) -> None:
    for _ in range(1200):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the test server did not start")
