"""The commands around the case room."""

import gzip
import json

import pytest
import typer

from claqueur.preview import BEGINNING_BYTES, preview
from claqueur.publish.privacy import Pseudonyms
from claqueur.settings import Reading
from claqueur.web.users import read_users


@pytest.fixture
def password(monkeypatch):
    """What is typed when a password is asked for."""
    typed = ["long enough to keep"]
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: typed[0])
    return typed


class TestUsers:
    def test_are_added_and_changed(self, claqueur, tmp_path, password):
        path = tmp_path / "newsroom.json"
        claqueur.works("users", "add", path, "Анна", "--role", "reader")
        ended = claqueur.works("users", "add", path, "Анна", "--role", "analyst")
        assert "Анна, analyst" in ended.out
        assert password[0] not in ended.out + path.read_text(encoding="utf-8")
        assert {name: user["role"] for name, user in read_users(path).items()} == {
            "Анна": "analyst"
        }

    @pytest.mark.parametrize(
        ("name", "role", "typed", "said"),
        [
            ("anna", "boss", "long enough to keep", "use analyst, reviewer, reader"),
            ("anna", "reader", "short", "at least 10 letters"),
            ("", "reader", "long enough to keep", "give a name"),
        ],
    )
    def test_that_cannot_be(self, claqueur, tmp_path, password, name, role, typed, said):
        password[0] = typed
        path = tmp_path / "newsroom.json"
        assert said in claqueur.fails(2, "users", "add", path, name, "--role", role)
        assert not path.exists()


class TestServe:
    def test_what_cannot_be_served(self, claqueur, tmp_path):
        assert "is no folder" in claqueur.fails(2, "serve", tmp_path / "none", "--no-open")
        assert "--port" in claqueur.fails(2, "serve", tmp_path, "--port", "70000")
        assert "--users" in claqueur.fails(2, "serve", tmp_path, "--host-name", "x.org")
        (tmp_path / "users.json").write_text(json.dumps({"format": 1, "users": {}}))
        for path in ("users.json", "missing.json"):
            said = claqueur.fails(2, "serve", tmp_path, "--no-open", "--users", tmp_path / path)
            assert "--users" in said


def test_a_packed_file_is_looked_at_and_not_unpacked(tmp_path):
    """Whatever it unpacks to, only its beginning is written down."""
    path = tmp_path / "likes.csv.gz"
    rows = b"wall-1_1,7001\n" * (2 * BEGINNING_BYTES // 14)
    path.write_bytes(gzip.compress(b"object_id,account_id\n" + rows))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    found = preview(path, Reading(), scratch, Pseudonyms(bytes(32)))
    assert (found.trouble, found.format, len(found.rows)) == ("", "columns", 20)
    (written,) = (each for each in scratch.rglob("*") if each.is_file())
    assert written.stat().st_size <= BEGINNING_BYTES
