"""Registration: frozen whole, held against its hash, stamped by others, nothing restricted."""

import hashlib
import json
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.authorities import openssl, token
from tests.conftest import lockstep_table
from tests.directive_records import KRASNOYARSK, RECORD, directives, restricted

import claqueur.directive.register
import claqueur.directive.stamp
from claqueur.case import Case, create_case, open_case
from claqueur.directive.hypothesis import Restricted
from claqueur.directive.reading import parse_directive
from claqueur.directive.register import (
    canonical,
    commitment,
    register_directive,
    registered,
    reverify,
    stamp_directive,
    to_be_stamped,
)
from claqueur.directive.working import (
    add_working,
    copy_in,
    read_working,
    with_restricted,
    working_names,
)
from claqueur.directive.writing import dump_directive
from claqueur.errors import CaseError, SettingError
from claqueur.pipeline import add
from claqueur.settings import Reading

SELF = "self-declared: the time of registration rests on the word of whoever registered"


@pytest.fixture
def case(tmp_path) -> Case:
    return create_case(tmp_path / "case", read={"timezone": "Asia/Krasnoyarsk"})


@pytest.fixture
def kept(case) -> Case:
    """A case with a record called minutes."""
    add_working(case, "minutes", KRASNOYARSK)
    return case


def record_of(case: Case) -> Path:
    return case.directives_folder / "minutes.toml"


def frozen_file(case: Case) -> Path:
    return case.directives_folder / "minutes.registered.json"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def with_data(case: Case, folder: Path) -> Case:
    lockstep_table().write_csv(folder / "events.csv")
    add(case, [folder / "events.csv"])
    return case


class TestWorkingCopies:
    def test_the_zone_of_the_case(self, case):
        add_working(case, "short", RECORD)
        assert read_working(case, "short").zone == "Asia/Krasnoyarsk"

    def test_the_zone_of_the_last_import_where_the_case_has_none(self, tmp_path):
        case = create_case(tmp_path / "plain")
        add_working(case, "minutes", RECORD)
        assert read_working(case, "minutes").zone == "UTC"
        lockstep_table().write_csv(tmp_path / "events.csv")
        add(case, [tmp_path / "events.csv"], Reading(timezone="Europe/Moscow"))
        assert read_working(case, "minutes").zone == "Europe/Moscow"

    def test_only_the_owner_may_read_them(self, kept):
        assert stat.S_IMODE(record_of(kept).stat().st_mode) == 0o600
        register_directive(kept, "minutes")
        assert stat.S_IMODE(record_of(kept).stat().st_mode) == 0o600

    def test_a_name_that_is_taken(self, kept):
        with pytest.raises(CaseError, match=r"minutes.toml: exists; edit minutes.toml, or choose"):
            add_working(kept, "minutes", RECORD)
        register_directive(kept, "minutes")
        record_of(kept).unlink()
        with pytest.raises(CaseError, match=r"minutes.registered.json: exists"):
            add_working(kept, "minutes", RECORD)

    @pytest.mark.parametrize("name", ["", "../out", "a.b", "a b", "a/b"])
    def test_a_name_that_is_none(self, case, name):
        with pytest.raises(SettingError, match="has letters, digits, - and _ only"):
            add_working(case, name, RECORD)

    def test_no_such_record(self, kept):
        with pytest.raises(CaseError, match=r"other.toml: no such directive; there are: minutes"):
            register_directive(kept, "other")

    def test_a_copy_gets_the_hash_of_the_file_it_names(self, case, tmp_path):
        (tmp_path / "minutes.pdf").write_bytes(b"scan")
        source = tmp_path / "source.toml"
        source.write_text(KRASNOYARSK, encoding="utf-8")
        path, directive = copy_in(case, source, "minutes")
        assert directive.restricted.sha256 == hashlib.sha256(b"scan").hexdigest()
        assert read_working(case, "minutes") == directive
        assert path.read_text(encoding="utf-8").startswith(KRASNOYARSK.split("[restricted]")[0])

    def test_a_copy_without_it_is_the_same_text(self, case, tmp_path):
        source = tmp_path / "source.toml"
        source.write_text(RECORD, encoding="utf-8")
        path, _ = copy_in(case, source, "minutes")
        assert path.read_text(encoding="utf-8") == RECORD

    def test_what_cannot_be_used_is_not_copied(self, case, tmp_path):
        source = tmp_path / "source.toml"
        source.write_text(RECORD.replace("museum", ""), encoding="utf-8")
        with pytest.raises(SettingError, match=r"source.toml: item 3: addressed 1: kind"):
            copy_in(case, source, "minutes")
        assert working_names(case) == []

    @pytest.mark.parametrize("table", ["", "[restricted]\nfile = 'a'\n", "[restricted]\n"])
    def test_an_entry_is_set_and_the_rest_left_alone(self, table):
        text = with_restricted(RECORD + table, {"nonce": "5c" * 32})
        assert parse_directive(text, "x").restricted.nonce == "5c" * 32
        assert text.startswith(RECORD)


class TestRegistering:
    def test_before_any_data(self, kept):
        begun = datetime.now(UTC).replace(microsecond=0)
        found = register_directive(kept, "minutes")
        assert begun <= datetime.fromisoformat(found.time) <= datetime.now(UTC)
        assert found.time.endswith("+00:00")
        assert (found.version, found.first_time) == (1, found.time)
        assert (found.stamp, found.stamp_time) == ("self-declared", "")
        assert (found.after_collection, found.first_import) == (False, None)
        assert not found.changed_since
        assert found.remarks() == [SELF]

    def test_what_is_registered_comes_back(self, kept):
        registration = register_directive(kept, "minutes")
        (found,) = registered(open_case(kept.folder))
        assert found.name == "minutes"
        assert found.registration == registration
        assert found.directive.items == parse_directive(KRASNOYARSK, "x").items
        assert found.directive.restricted == Restricted()

    def test_nothing_registered(self, kept):
        assert registered(kept) == []

    def test_by_name(self, kept):
        add_working(kept, "appeal", RECORD)
        register_directive(kept, "minutes")
        register_directive(kept, "appeal")
        assert [found.name for found in registered(kept)] == ["appeal", "minutes"]

    def test_the_hash_is_of_what_is_frozen(self, kept):
        found = register_directive(kept, "minutes")
        (version,) = json.loads(frozen_file(kept).read_text(encoding="utf-8"))
        text = canonical(version["frozen"])
        assert found.sha256 == hashlib.sha256(text.encode()).hexdigest() == version["sha256"]
        hashed = kept.directives_folder / "minutes.v1.sha256"
        assert hashed.read_bytes() == to_be_stamped(found.sha256) == f"{found.sha256}\n".encode()

    def test_the_commitment_can_be_opened(self, kept):
        register_directive(kept, "minutes")
        (version,) = json.loads(frozen_file(kept).read_text(encoding="utf-8"))
        own = read_working(kept, "minutes").restricted
        assert len(own.nonce) == 64
        text = own.nonce + '{"file":"minutes.pdf","found":"","notes":"","sha256":""}'
        assert version["frozen"]["commitment"] == hashlib.sha256(text.encode()).hexdigest()
        assert commitment(own) == version["frozen"]["commitment"]

    def test_no_two_have_one_nonce(self, kept):
        add_working(kept, "other", KRASNOYARSK)
        for name in ("minutes", "other"):
            register_directive(kept, name)
        nonces = {read_working(kept, name).restricted.nonce for name in ("minutes", "other")}
        assert len(nonces) == 2

    def test_remarks_of_whoever_wrote_the_record_stay(self, case):
        add_working(case, "minutes", RECORD)
        register_directive(case, "minutes")
        assert record_of(case).read_text(encoding="utf-8").startswith(RECORD)

    def test_after_collection_began(self, kept, tmp_path):
        with_data(kept, tmp_path)
        found = register_directive(kept, "minutes")
        since = kept.imports()[0]["time"]
        assert (found.after_collection, found.first_import) == (True, since)
        assert found.remarks()[0] == f"registered after collection began (data since {since})"

    def test_data_that_come_later_change_nothing(self, kept, tmp_path):
        before = register_directive(kept, "minutes")
        with_data(kept, tmp_path)
        assert registered(kept)[0].registration == before

    def test_what_cannot_be_tested_is_not_registered(self, kept):
        edit(record_of(kept), "-1019", "-1001")
        with pytest.raises(SettingError, match="-1001 was ordered too"):
            register_directive(kept, "minutes")
        assert not frozen_file(kept).exists()

    def test_as_plain_values(self, kept):
        found = register_directive(kept, "minutes")
        record = json.loads(json.dumps(found.as_record()))
        assert record["sha256"] == found.sha256
        assert record["changed_since"] is False
        assert record["remarks"] == [SELF]


class TestVersions:
    def test_unchanged_is_registered_already(self, kept):
        first = register_directive(kept, "minutes")
        with pytest.raises(CaseError, match=r"registered already, unchanged, since .*version 1"):
            register_directive(kept, "minutes")
        assert registered(kept)[0].registration == first

    def test_an_edited_record_is_told_from_the_frozen_one(self, kept):
        register_directive(kept, "minutes")
        edit(record_of(kept), "2019-02-08", "2019-02-09")
        (found,) = registered(kept)
        assert str(found.directive.items[0].start) == "2019-02-08"
        assert found.registration.changed_since
        assert found.registration.remarks()[1:] == [
            "the record in the case differs from the one registered; the registered one was tested"
        ]

    def test_so_is_one_that_cannot_be_read_any_more(self, kept):
        register_directive(kept, "minutes")
        edit(record_of(kept), "format = 1", "format = = 1")
        assert registered(kept)[0].registration.working == "edited"

    def test_a_remark_or_another_order_is_no_change(self, kept):
        register_directive(kept, "minutes")
        directive = read_working(kept, "minutes")
        record_of(kept).write_text("# a remark\n" + dump_directive(directive), encoding="utf-8")
        assert not registered(kept)[0].registration.changed_since

    def test_a_record_that_is_gone(self, kept):
        register_directive(kept, "minutes")
        record_of(kept).unlink()
        (found,) = registered(kept)
        assert found.registration.changed_since
        assert "the record is gone from the case" in found.registration.remarks()[1]

    def test_a_changed_record_is_a_new_version(self, kept):
        first = register_directive(kept, "minutes")
        edit(record_of(kept), "2019-02-08", "2019-02-09")
        second = register_directive(kept, "minutes")
        assert (second.version, second.first_time) == (2, first.time)
        assert second.changed_since
        assert second.remarks()[1:] == [
            f"changed after it was first registered on {first.time}: this is version 2, of "
            f"{second.time}"
        ]
        assert str(registered(kept)[0].directive.items[0].start) == "2019-02-09"
        old, new = json.loads(frozen_file(kept).read_text(encoding="utf-8"))
        assert (old["sha256"], new["frozen"]["previous"]) == (first.sha256, first.sha256)
        assert (kept.directives_folder / "minutes.v1.sha256").read_text().strip() == first.sha256

    def test_back_to_the_first_is_a_third(self, kept):
        register_directive(kept, "minutes")
        edit(record_of(kept), "2019-02-08", "2019-02-09")
        register_directive(kept, "minutes")
        edit(record_of(kept), "2019-02-09", "2019-02-08")
        found = register_directive(kept, "minutes")
        assert (found.version, found.reworded) == (3, True)

    def test_a_change_of_what_is_restricted_alone(self, kept):
        register_directive(kept, "minutes")
        edit(record_of(kept), "[restricted]", '[restricted]\nfound = "in an envelope"')
        assert not registered(kept)[0].registration.changed_since
        found = register_directive(kept, "minutes")
        assert (found.version, found.changed_since, found.reworded) == (2, True, False)
        assert found.remarks()[1].endswith("in which only what is restricted was changed")


class TestTampering:
    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("2019-02-08", "2019-02-07", "version 1 was altered: what is frozen does not match"),
            ('"version": 2', '"version": 3', "version 2 was altered: what is frozen does not"),
            ('"previous": null', '"previous": "x"', "version 1 was altered"),
            ('"stamp": null', '"stamp": 5', "is broken"),
            ('"frozen"', '"thawed"', r"is broken \(KeyError: 'frozen'\)"),
            ("[\n", "", "is broken"),
        ],
    )
    def test_of_the_file(self, kept, old, new, said):
        register_directive(kept, "minutes")
        edit(record_of(kept), 'kind = "museum"', 'kind = "gallery"')
        register_directive(kept, "minutes")
        edit(frozen_file(kept), old, new)
        for use in (registered, lambda case: register_directive(case, "minutes")):
            with pytest.raises(CaseError, match=f"minutes.registered.json: {said}"):
                use(kept)

    @staticmethod
    def rewrite(case: Case, change: Callable[[list[dict]], object]) -> None:
        versions = json.loads(frozen_file(case).read_text(encoding="utf-8"))
        change(versions)
        for version in versions:
            text = canonical(version["frozen"])
            version["sha256"] = hashlib.sha256(text.encode()).hexdigest()
        frozen_file(case).write_text(json.dumps(versions), encoding="utf-8")

    def test_a_version_taken_out(self, kept):
        register_directive(kept, "minutes")
        edit(record_of(kept), 'kind = "museum"', 'kind = "gallery"')
        register_directive(kept, "minutes")
        self.rewrite(kept, lambda versions: versions.pop(0))
        with pytest.raises(CaseError, match="version 1 was altered: it does not follow"):
            registered(kept)

    def test_all_versions_taken_out(self, kept):
        register_directive(kept, "minutes")
        self.rewrite(kept, lambda versions: versions.clear())
        with pytest.raises(CaseError, match="is empty; restore it"):
            registered(kept)

    def test_persons_slipped_in(self, kept):
        register_directive(kept, "minutes")
        self.rewrite(
            kept, lambda versions: versions[0]["frozen"]["directive"].update(staff=["somebody"])
        )
        with pytest.raises(CaseError, match="version 1: staff: the people ordered are victims"):
            registered(kept)

    def test_a_newer_format(self, kept):
        register_directive(kept, "minutes")
        self.rewrite(kept, lambda versions: versions[0]["frozen"].update(format=2))
        with pytest.raises(CaseError, match="version 1 is of a newer Claqueur"):
            registered(kept)


class TestNothingRestricted:
    @settings(max_examples=25, deadline=None)
    @given(directives(restricted("Qsource")))
    def test_in_anything_registered(self, tmp_path_factory, directive):
        case = create_case(tmp_path_factory.mktemp("cases") / "case")
        add_working(case, "minutes", dump_directive(directive))
        record = register_directive(case, "minutes").as_record()
        (found,) = registered(case)
        assert found.directive.restricted == Restricted()
        own = read_working(case, "minutes").restricted
        files = [path for path in case.directives_folder.iterdir() if path != record_of(case)]
        assert len(files) == 2
        written = [*(path.read_text(encoding="utf-8") for path in files), json.dumps(record)]
        written.append(repr(found))
        for secret in filter(None, (own.file, own.sha256, own.found, own.notes, own.nonce)):
            assert not [text for text in written if secret in text or "Qsource" in text]


class TestStamps:
    @pytest.fixture
    def hashed(self, kept, tmp_path) -> Path:
        """The file to be stamped, carried out of the case."""
        register_directive(kept, "minutes")
        return Path(shutil.copy(kept.directives_folder / "minutes.v1.sha256", tmp_path))

    def test_verified_and_kept(self, kept, authority, hashed):
        begun = datetime.now(UTC) - timedelta(seconds=2)
        found = stamp_directive(kept, "minutes", token(authority, hashed), authority / "root.pem")
        assert found.stamp == "Test Authority, Time Stamps"
        assert begun <= datetime.fromisoformat(found.stamp_time) <= datetime.now(UTC)
        (remark,) = found.remarks()
        assert remark.startswith("stamped by Test Authority, Time Stamps: it existed on")
        assert f"{found.stamp_time} at the latest" in remark
        assert registered(kept)[0].registration == found
        stamp = reverify(kept, "minutes")
        assert stamp is not None
        assert (stamp.by, stamp.time) == (found.stamp, found.stamp_time)

    def test_openssl_verifies_what_is_kept(self, kept, authority, hashed):
        stamp_directive(kept, "minutes", token(authority, hashed), authority / "root.pem")
        openssl(
            kept.directives_folder,
            "ts -verify -data minutes.v1.sha256 -in minutes.v1.tsr -CAfile minutes.v1.tsa.pem",
        )

    def test_once(self, kept, authority, hashed):
        answer = token(authority, hashed)
        stamp_directive(kept, "minutes", answer, authority / "root.pem")
        with pytest.raises(CaseError, match="version 1 is stamped already, by Test Authority"):
            stamp_directive(kept, "minutes", answer, authority / "root.pem")

    def test_a_new_version_has_none(self, kept, authority, hashed):
        stamp_directive(kept, "minutes", token(authority, hashed), authority / "root.pem")
        edit(record_of(kept), 'kind = "museum"', 'kind = "gallery"')
        assert register_directive(kept, "minutes").stamp == "self-declared"
        assert reverify(kept, "minutes") is None

    def test_nothing_to_stamp(self, kept, tmp_path):
        assert reverify(kept, "minutes") is None
        with pytest.raises(CaseError, match="is not registered; use `claqueur directive register`"):
            stamp_directive(kept, "minutes", tmp_path / "a", tmp_path / "b")

    def test_after_collection_began(self, kept, authority, hashed, tmp_path, monkeypatch):
        with_data(kept, tmp_path)
        late = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
        monkeypatch.setattr(claqueur.directive.register, "first_import", lambda _case: late)
        found = stamp_directive(kept, "minutes", token(authority, hashed), authority / "root.pem")
        assert (found.after_collection, found.stamped_late) == (False, True)
        assert "after collection began: that it was registered before rests" in found.remarks()[0]

    @pytest.mark.parametrize(
        ("query", "reply", "root", "said"),
        [
            ("-sha256 -cert", "", "other", "--tsa-root does not lead to the certificate"),
            ("-sha256", "", "root", "the authority's certificate is missing in it; ask again"),
            ("-sha1 -cert", "", "root", r"did not grant the time stamp \(REJECTION .*ask again"),
            ("-sha256 -cert", "-chain root.pem", "root", "made without openssl's -chain"),
        ],
    )
    def test_that_do_not_hold(self, kept, authority, hashed, query, reply, root, said):
        answer = token(authority, hashed, query, reply)
        with pytest.raises(SettingError, match=said):
            stamp_directive(kept, "minutes", answer, authority / f"{root}.pem")
        assert registered(kept)[0].registration.stamp == "self-declared"
        assert not list(kept.directives_folder.glob("*.tsr"))

    def test_of_another_file(self, kept, authority, hashed):
        hashed.write_text("something else")
        with pytest.raises(SettingError, match="it stamps another file; ask for one over the"):
            stamp_directive(kept, "minutes", token(authority, hashed), authority / "root.pem")

    def test_a_damaged_one(self, kept, authority, hashed):
        answer = token(authority, hashed)
        content = bytearray(answer.read_bytes())
        content[-1] ^= 1
        answer.write_bytes(content)
        with pytest.raises(SettingError, match="the token does not hold: the file may be damaged"):
            stamp_directive(kept, "minutes", answer, authority / "root.pem")

    def test_files_that_are_something_else(self, kept, authority, hashed, tmp_path):
        answer = token(authority, hashed)
        with pytest.raises(SettingError, match="the token is no time-stamp response"):
            stamp_directive(kept, "minutes", hashed, authority / "root.pem")
        with pytest.raises(SettingError, match="--tsa-root: is no certificate in PEM"):
            stamp_directive(kept, "minutes", answer, hashed)
        with pytest.raises(SettingError, match="none.tsr: cannot be read: .*check the path"):
            stamp_directive(kept, "minutes", tmp_path / "none.tsr", authority / "root.pem")

    def test_a_kept_token_that_was_changed(self, kept, authority, hashed):
        stamp_directive(kept, "minutes", token(authority, hashed), authority / "root.pem")
        own = kept.directives_folder / "minutes.v1.tsr"
        own.write_bytes(b"x")
        with pytest.raises(
            CaseError, match="version 1 was altered: minutes.v1.tsr is not the file"
        ):
            registered(kept)
        own.unlink()
        with pytest.raises(CaseError, match="version 1 was altered: minutes.v1.tsr is missing"):
            registered(kept)

    def test_without_the_extra(self, kept, authority, hashed, monkeypatch):
        monkeypatch.setattr(claqueur.directive.stamp, "can_verify", lambda: False)
        with pytest.raises(SettingError, match=r"pip install 'claqueur\[timestamp\]'"):
            stamp_directive(kept, "minutes", hashed, authority / "root.pem")
