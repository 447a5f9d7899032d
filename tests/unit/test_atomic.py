"""Whole or not at all: folders and files that a crash, a full disk or Ctrl-C cannot halve."""

import errno
import os
import subprocess
import sys

import pytest

from claqueur.atomic import check_free, new_folder, recover, replaced_folders, whole_file
from claqueur.errors import CaseError, RunError

FULL = [
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
    ValueError("IO error: No space left on device (os error 28)"),
]
STOPS = [ValueError("broken"), KeyboardInterrupt(), MemoryError()]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def dead() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


class TestNewFolder:
    def test_is_there_when_done_and_not_before(self, tmp_path):
        target = tmp_path / "deep" / "out"
        with new_folder(target) as work:
            (work / "file").write_text("x")
            assert not target.exists()
            assert work.parent == target.parent, "a rename needs the same disk"
        assert (target / "file").read_text() == "x"
        assert names(target.parent) == ["out"]

    @pytest.mark.parametrize("stop", STOPS, ids=repr)
    def test_nothing_is_left_when_it_fails(self, tmp_path, stop):
        with pytest.raises(type(stop)), new_folder(tmp_path / "out") as work:
            (work / "file").write_text("x")
            raise stop
        assert names(tmp_path) == []

    @pytest.mark.parametrize("full", FULL, ids=repr)
    def test_a_full_disk_explains_itself(self, tmp_path, full):
        with pytest.raises(RunError, match="out: the disk is full; nothing was written") as caught:
            with new_folder(tmp_path / "out") as work:
                (work / "file").write_text("x")
                raise full
        assert caught.value.exit_code == 1
        assert names(tmp_path) == []

    def test_a_full_disk_before_anything_is_written(self, tmp_path, monkeypatch):
        def refuse(*_args, **_more):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr("pathlib.Path.mkdir", refuse)
        with pytest.raises(RunError, match="the disk is full"), new_folder(tmp_path / "out"):
            pass

    def test_other_errors_stay_themselves(self, tmp_path):
        with pytest.raises(PermissionError), new_folder(tmp_path / "out"):
            raise PermissionError(errno.EACCES, "no")

    def test_an_empty_folder_may_be_filled(self, tmp_path):
        (tmp_path / "out").mkdir()
        with new_folder(tmp_path / "out") as work:
            (work / "file").touch()
        assert names(tmp_path / "out") == ["file"]

    def test_what_is_there_is_never_touched(self, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine").write_text("x")
        with pytest.raises(CaseError, match="exists and is not empty.*choose another"):
            with new_folder(tmp_path / "out"):
                pass
        assert (tmp_path / "out" / "mine").read_text() == "x"
        assert names(tmp_path) == ["out"]

    def test_what_appears_meanwhile_is_never_overwritten(self, tmp_path):
        target = tmp_path / "out"
        with pytest.raises(OSError, match="not empty"), new_folder(target):
            target.mkdir()
            (target / "theirs").touch()
        assert names(target) == ["theirs"]
        assert names(tmp_path) == ["out"]

    def test_files_and_dangling_links_are_in_the_way(self, tmp_path):
        (tmp_path / "file").touch()
        (tmp_path / "link").symlink_to(tmp_path / "nowhere")
        for name in ("file", "link"):
            with pytest.raises(CaseError, match="is a file"):
                check_free(tmp_path / name)

    def test_a_folder_that_cannot_be_made(self, tmp_path):
        (tmp_path / "file").touch()
        with (
            pytest.raises(CaseError, match="cannot be made"),
            new_folder(tmp_path / "file" / "out"),
        ):
            pass

    def test_what_a_dead_process_left_is_cleaned_up(self, tmp_path, dead):
        stale = tmp_path / f".out.{dead}.tmp"
        stale.mkdir()
        (stale / "half").touch()
        with new_folder(tmp_path / "out"):
            pass
        assert names(tmp_path) == ["out"]

    def test_what_a_living_process_or_another_target_has_stays(self, tmp_path, dead):
        others = [f".out.{os.getppid()}.tmp", f".other.{dead}.tmp"]
        for name in others:
            (tmp_path / name).mkdir()
        with new_folder(tmp_path / "out"):
            pass
        assert names(tmp_path) == sorted([*others, "out"])

    def test_a_link_to_an_empty_folder(self, tmp_path):
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        try:
            with new_folder(tmp_path / "link") as work:
                (work / "file").touch()
        except CaseError:
            return
        assert (tmp_path / "link" / "file").exists()

    def test_the_current_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        try:
            with new_folder(tmp_path.__class__()) as work:
                (work / "file").touch()
        except CaseError:
            return
        assert (tmp_path / "file").exists()


class TestReplacedFolders:
    @pytest.fixture
    def target(self, tmp_path):
        folder = tmp_path / "events"
        folder.mkdir()
        (folder / "old").touch()
        return folder

    @pytest.fixture
    def note(self, tmp_path):
        return tmp_path / ".note"

    def test_takes_the_place_of_the_old_one(self, target, note):
        with replaced_folders([target], note) as (work,):
            (work / "new").touch()
            assert names(target) == ["old"]
        assert names(target) == ["new"]
        assert names(target.parent) == ["events"]

    def test_makes_one_where_there_is_none(self, tmp_path, note):
        with replaced_folders([tmp_path / "events"], note) as (work,):
            (work / "new").touch()
        assert names(tmp_path / "events") == ["new"]

    def test_several_at_once(self, target, note):
        other = target.with_name("objects")
        with replaced_folders([target, other], note) as works:
            for work in works:
                (work / "new").touch()
            assert names(target) == ["old"]
            assert not other.exists()
        assert names(target) == names(other) == ["new"]
        assert names(target.parent) == ["events", "objects"]

    @pytest.mark.parametrize("stop", STOPS, ids=repr)
    def test_the_old_one_stays_when_it_fails(self, target, note, stop):
        with pytest.raises(type(stop)), replaced_folders([target], note) as (work,):
            (work / "new").touch()
            raise stop
        assert names(target) == ["old"]
        assert names(target.parent) == ["events"]

    @pytest.mark.parametrize("full", FULL, ids=repr)
    def test_a_full_disk_explains_itself(self, target, note, full):
        with pytest.raises(RunError, match="the disk is full"), replaced_folders([target], note):
            raise full
        assert names(target) == ["old"]

    @pytest.mark.parametrize("stops_at", range(1, 7))
    def test_all_or_none_wherever_it_stops(self, target, note, monkeypatch, stops_at):
        """Whichever rename fails, and however it ends, there is never a mixture."""
        other, third = target.with_name("objects"), target.with_name("counters")
        third.mkdir()
        (third / "old").touch()
        done = []
        rename = type(target).rename

        def failing(path, to):
            done.append(path)
            if len(done) == stops_at:
                raise KeyboardInterrupt
            return rename(path, to)

        targets = [target, other, third]
        monkeypatch.setattr(type(target), "rename", failing)
        try:
            with replaced_folders(targets, note) as works:
                for work in works:
                    (work / "new").touch()
        except KeyboardInterrupt:
            assert stops_at < 6
            assert names(target) == names(third) == ["old"]
            assert names(target.parent) == ["counters", "events"]
        else:
            assert stops_at == 6
            assert names(target) == names(other) == names(third) == ["new"]

    @pytest.mark.parametrize("moved", [0, 1, 2])
    def test_a_crash_in_the_middle_is_undone(self, target, note, moved):
        """As after a power cut: the note is there, some folders are new already."""
        other = target.with_name("objects")
        note.write_text('{"events": true, "objects": false}')
        target.rename(target.with_name(".events.former"))
        for folder in [target, other][:moved]:
            folder.mkdir()
            (folder / "new").touch()
        recover([target], note)
        assert names(target) == ["old"]
        assert names(target.parent) == ["events"]

    def test_cut_off_between_the_two_renames(self, target, note):
        target.rename(target.with_name(".events.former"))
        recover([target], note)
        assert names(target) == ["old"]
        assert names(target.parent) == ["events"]

    def test_cut_off_before_the_former_was_removed(self, target, note):
        former = target.with_name(".events.former")
        former.mkdir()
        (former / "older").touch()
        recover([target], note)
        assert names(target) == ["old"]
        assert names(target.parent) == ["events"]

    def test_a_replacement_recovers_an_earlier_one_first(self, target, note):
        target.rename(target.with_name(".events.former"))
        with pytest.raises(ValueError, match="broken"), replaced_folders([target], note):
            raise ValueError("broken")
        assert names(target) == ["old"]


class TestWholeFile:
    def test_is_there_when_done_and_not_before(self, tmp_path):
        target = tmp_path / "deep" / "page.html"
        with whole_file(target) as work:
            work.write_text("x")
            assert not target.exists()
            assert work.suffix == target.suffix
        assert target.read_text() == "x"
        assert names(target.parent) == ["page.html"]

    @pytest.mark.parametrize("stop", STOPS, ids=repr)
    def test_the_old_one_stays_when_it_fails(self, tmp_path, stop):
        target = tmp_path / "page.html"
        target.write_text("old")
        with pytest.raises(type(stop)), whole_file(target) as work:
            work.write_text("half")
            raise stop
        assert target.read_text() == "old"
        assert names(tmp_path) == ["page.html"]

    @pytest.mark.parametrize("full", FULL, ids=repr)
    def test_a_full_disk_explains_itself(self, tmp_path, full):
        with pytest.raises(RunError, match="page.html: the disk is full"):
            with whole_file(tmp_path / "page.html") as work:
                work.write_text("half")
                raise full
        assert names(tmp_path) == []

    @pytest.mark.parametrize("place", ["file/page.html", "folder"])
    def test_a_place_that_cannot_be_written(self, tmp_path, place):
        (tmp_path / "file").touch()
        (tmp_path / "folder").mkdir()
        with pytest.raises(CaseError), whole_file(tmp_path / place) as work:
            work.write_text("x")
