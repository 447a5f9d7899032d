"""The wheel, built and installed into an environment of its own, does the main job."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import ROOT, lockstep_table

import claqueur


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment that holds the wheel and nothing from here."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    return python.parent


def run(*command: object, cwd: Path | None = None) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True, text=True, check=False, cwd=cwd, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_version(installed):
    assert run(installed / "claqueur", "--version").strip() == f"claqueur {claqueur.__version__}"


def test_detect_report_export_and_simulate(installed, tmp_path):
    lockstep_table().write_csv(tmp_path / "likes.csv")
    detect = ("detect", "likes.csv", "--window", "5m", "--min-objects", "5", "--out", "out")
    assert "report.html" in run(installed / "claqueur", *detect, cwd=tmp_path)
    assert (tmp_path / "out" / "report.html").stat().st_size > 500_000
    run(installed / "claqueur", "export", "out", "--out", "network.gexf", cwd=tmp_path)
    run(installed / "claqueur", "simulate", "krasnoyarsk-2019", "--out", "world", cwd=tmp_path)
    assert len(list((tmp_path / "world").iterdir())) == 7
