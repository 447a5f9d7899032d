"""Pseudonyms: stable within a case, different between cases, their key kept out of results."""

import os
import re

import polars as pl
import pytest
from tests.conftest import lockstep_table

from claqueur.errors import CaseError
from claqueur.pipeline import detect, write
from claqueur.publish.privacy import KEY_BYTES, Pseudonyms, case_pseudonyms, key_folder

IDS = [f"7000000{number:02}" for number in range(12)]


@pytest.fixture
def keys(tmp_path, monkeypatch):
    """A key folder that is not there yet."""
    folder = tmp_path / "private" / "keys"
    monkeypatch.setenv("CLAQUEUR_KEYS", str(folder))
    return folder


class TestPseudonyms:
    def test_look_like_none_of_the_ids(self):
        names = Pseudonyms(b"k" * KEY_BYTES)
        for account in [*IDS, "", "@ann", "имя"]:
            assert re.fullmatch(r"[a-z2-7]{5}-[a-z2-7]{5}", names.of(account))

    def test_the_key_decides(self):
        one, same, other = (Pseudonyms(letter * KEY_BYTES) for letter in (b"a", b"a", b"b"))
        assert [one.of(i) for i in IDS] == [same.of(i) for i in IDS]
        assert not {one.of(i) for i in IDS} & {other.of(i) for i in IDS}

    def test_many_accounts_have_as_many_pseudonyms(self):
        names = Pseudonyms(b"k" * KEY_BYTES)
        assert len({names.of(str(number)) for number in range(50_000)}) == 50_000

    def test_a_column_with_nulls_and_repetitions(self):
        names = Pseudonyms(b"k" * KEY_BYTES)
        column = pl.Series("account_id", ["b", None, "a", "b"])
        shown = names.of_all(column)
        assert shown.to_list() == [names.of("b"), None, names.of("a"), names.of("b")]
        assert shown.dtype == pl.String
        assert shown.name == "account_id"

    @pytest.mark.parametrize("cells", [[], [None], [None, None]])
    def test_a_column_without_accounts(self, cells):
        shown = Pseudonyms(b"k" * KEY_BYTES).of_all(pl.Series(cells, dtype=pl.String))
        assert shown.to_list() == cells
        assert shown.dtype == pl.String


class TestKeys:
    def test_one_case_keeps_its_pseudonyms(self, keys):
        assert case_pseudonyms("case1") == case_pseudonyms("case1")
        assert [path.name for path in keys.iterdir()] == ["case1.key"]

    def test_another_case_has_others(self, keys):
        one, other = case_pseudonyms("case1"), case_pseudonyms("case2")
        assert not {one.of(i) for i in IDS} & {other.of(i) for i in IDS}

    def test_a_lost_key_cannot_be_made_again(self, keys):
        before = case_pseudonyms("case1")
        (keys / "case1.key").unlink()
        assert case_pseudonyms("case1").of("7") != before.of("7")

    def test_nobody_else_may_read_it(self, keys):
        umask = os.umask(0)
        try:
            case_pseudonyms("case1")
        finally:
            os.umask(umask)
        assert (keys / "case1.key").stat().st_mode & 0o777 == 0o600
        assert keys.stat().st_mode & 0o777 == 0o700
        assert (keys / "case1.key").stat().st_size == KEY_BYTES

    def test_a_key_that_came_first_is_kept(self, keys, monkeypatch):
        """Two processes begin at once: both find no key, one is first."""
        link = os.link

        def late(source, target):
            target.write_bytes(b"f" * KEY_BYTES)
            link(source, target)

        monkeypatch.setattr("os.link", late)
        assert case_pseudonyms("case1") == Pseudonyms(b"f" * KEY_BYTES)
        assert [path.name for path in keys.iterdir()] == ["case1.key"]

    def test_a_damaged_key_is_not_replaced(self, keys):
        case_pseudonyms("case1")
        (keys / "case1.key").write_bytes(b"short")
        with pytest.raises(CaseError, match="is no key of 32 bytes; restore it"):
            case_pseudonyms("case1")
        assert (keys / "case1.key").read_bytes() == b"short"

    def test_a_folder_that_cannot_be_written(self, tmp_path, monkeypatch):
        (tmp_path / "file").touch()
        monkeypatch.setenv("CLAQUEUR_KEYS", str(tmp_path / "file" / "keys"))
        with pytest.raises(CaseError, match=r"cannot be read or written.*set CLAQUEUR_KEYS"):
            case_pseudonyms("case1")

    @pytest.mark.parametrize("case", ["", "../case", "a/b", "a.b", "a b"])
    def test_an_identity_that_is_no_name_of_a_file(self, keys, case):
        with pytest.raises(CaseError, match=r"run\.json was altered"):
            case_pseudonyms(case)

    def test_they_are_in_the_data_folder_of_the_user(self, tmp_path, monkeypatch):
        monkeypatch.delenv("CLAQUEUR_KEYS")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
        assert key_folder().is_relative_to(tmp_path)
        assert key_folder().name == "keys"

    def test_no_result_holds_its_key(self, keys, tmp_path):
        lockstep_table(crowd=0).write_csv(tmp_path / "events.csv")
        result = detect(tmp_path / "events.csv", window="120s", min_objects=5)
        out = write(result, tmp_path / "out")
        (path,) = keys.iterdir()
        key = path.read_bytes()
        assert path.name == f"{result.run['case']}.key"
        for file in out.iterdir():
            content = file.read_bytes()
            assert key not in content
            assert key.hex().encode() not in content
