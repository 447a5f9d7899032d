"""Calls of ``claqueur`` in this process, and how they ended."""

import sys
from dataclasses import dataclass

import pytest

from claqueur import cli


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """Calls ``claqueur`` in this process, as the script would."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: object) -> Ended:
        self.monkeypatch.setattr(sys, "argv", ["claqueur", *map(str, words)])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            cli.main()
        code = caught.value.code or 0
        assert isinstance(code, int)
        ended = Ended(code, *self.capsys.readouterr())
        assert "Traceback" not in ended.err + ended.out
        return ended

    def works(self, *words: object) -> Ended:
        ended = self(*words)
        assert ended.code == 0, ended.err
        return ended

    def fails(self, code: int, *words: object) -> str:
        """What it says on standard error, in one line; nothing may stand on the other stream."""
        ended = self(*words)
        assert ended.code == code, ended.err
        assert ended.out == ""
        assert "this should not have happened" not in ended.err
        return " ".join(ended.err.split())
