"""The whole path: reviewed, released, packed, checked by a stranger, run again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from tests.authorities import served
from tests.conftest import lockstep_table
from tests.directive_records import RECORD
from tests.packages import Recipient, content, recipient

import claqueur.publication
from claqueur import custody
from claqueur.case import Case, create_case, open_case
from claqueur.directive.register import register_directive
from claqueur.directive.working import add_working
from claqueur.errors import CaseError, ReleaseError, RunError, SettingError
from claqueur.evidence_store import EvidenceWriter, Received
from claqueur.package import check_package, check_sealed, sealed_path, unsealed
from claqueur.pipeline import add, run_case
from claqueur.publication import Publication, publish_run
from claqueur.publish.release import ledger
from claqueur.reproduction import reproduce
from claqueur.results import Result
from claqueur.review import decide
from claqueur.settings import CoAction, Targets
from claqueur.verify import verify_case

SETTINGS = CoAction(window=("300s",), min_objects=5)


@pytest.fixture(autouse=True, scope="module")
def no_browser():
    """PDFs are the document's own matter, and take seconds each."""
    before = os.environ.get("CLAQUEUR_CHROMIUM")
    os.environ["CLAQUEUR_CHROMIUM"] = "/nowhere"
    yield
    del os.environ["CLAQUEUR_CHROMIUM"]
    if before is not None:
        os.environ["CLAQUEUR_CHROMIUM"] = before


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """A case with evidence, a directive and a run, reviewed; not to be changed."""
    folder = tmp_path_factory.mktemp("kept")
    case = create_case(folder / "case", "Lockstep", read={"timezone": "Europe/Moscow"})
    restricted = '[restricted]\nfile = "scan-from-vera.pdf"\nfound = "in the archive"\n'
    add_working(case, "minutes", RECORD + restricted)
    add_working(case, "draft", RECORD.replace("museum", "zoo of drafts"))
    register_directive(case, "minutes")
    with EvidenceWriter(case.folder / "evidence") as writer:
        for number in range(3):
            writer.append(Received("likes.getList", {}, number, 200, {}, b"[%d]" % number))
    likes = lockstep_table(24).with_columns(owner_id=pl.lit("-1"), action=pl.lit("like"))
    # Everybody follows one page, so it is known that the group is no institution's.
    follows = likes.unique("account_id", maintain_order=True).with_columns(
        object_id=pl.lit("-5"), owner_id=pl.lit("-5"), action=pl.lit("follow")
    )
    pl.concat([likes, follows]).write_csv(folder / "events.csv")
    add(case, [folder / "events.csv"])
    (folder / "named.txt").write_text("wall-1_1\nwall-1_2\n")
    targets = Targets(targets=str(folder / "named.txt"))
    run = run_case(open_case(case.folder), SETTINGS, targets=targets)
    # It is not there any more when it is run again.
    (folder / "named.txt").unlink()
    decide(case, run, ["1", *items(run)], "accepted", "read it", "Anna")
    return case.folder


def items(run: Path) -> list[str]:
    return [f"minutes/{entry['item']}" for entry in Result.load(run).directive]


@pytest.fixture
def case(kept, tmp_path) -> Case:
    return open_case(shutil.copytree(kept, tmp_path / "case"))


@pytest.fixture
def short(case) -> Case:
    """The same with no group accepted, so that there is no picture to draw."""
    decide(case, case.latest_run(), "1", "doubtful", "may be a choir")
    return case


@pytest.fixture(scope="module")
def whom(tmp_path_factory) -> Recipient:
    return recipient(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def published(kept, whom, authority, tmp_path_factory) -> Publication:
    """A publication with everything, and its case beside it; not to be changed."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(kept, folder / "case")
    with served(authority) as server:
        return publish_run(
            folder / "case", folder / "package", to_key=[whom.public], title="Likes in step",
            stamp_server=server, tsa_root=authority / "root.pem", user="Boris",
        )  # fmt: skip


class TestPublished:
    def test_what_is_public(self, published):
        found = sorted(content(published.built.folder / "data"))
        assert [path for path in found if not path.startswith("release/")] == [
            "CITATION.bib", "evidence-root.json", "methods.md", "report.en.html",
            "report.ru.html", "ro-crate-metadata.json",
        ]  # fmt: skip
        assert "release/tables/groups.csv" in found
        facts = json.loads(content(published.built.folder)["data/release/release.json"])
        assert facts["title"] == "Likes in step"

    def test_nothing_restricted_is_in_it(self, published, kept):
        run = Result.load(open_case(kept).latest_run())
        secrets = [
            *run.accounts["account_id"], *run.evidence["object_id"].unique(), "Anna", "Boris",
            open_case(kept).id, "read it", "scan-from-vera", "in the archive", "zoo of drafts",
            "events.csv", "named.txt", "salt",
        ]  # fmt: skip
        allowed = {"salt": "data/evidence-root.json"}
        for path, raw in content(published.built.folder).items():
            text = raw.decode("utf-8", "replace")
            for secret in secrets:
                if secret == "salt" and path in (allowed["salt"], "data/ro-crate-metadata.json"):
                    continue
                assert secret not in text, (path, secret)

    def test_checked_in_a_clean_folder_by_a_stranger(self, published, authority, tmp_path):
        """Copied, with neither the case nor the user's keys; and by coreutils alone."""
        copy = Path(shutil.copytree(published.built.folder, tmp_path / "clean"))
        command = [sys.executable, "-m", "claqueur", "verify", str(copy)]
        alone = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, env=alone)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Sound: every file is what was packed" in done.stdout
        for manifest in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
            subprocess.run(["sha256sum", "-c", "--strict", manifest], cwd=copy, check=True,
                           capture_output=True)  # fmt: skip
        assert check_package(copy, roots=(authority / "root.pem").read_bytes()).sound

    def test_what_is_sealed(self, published, whom):
        with unsealed(published.built.sealed, whom.file) as inside:
            names = set(inside.hashes)
            assert check_sealed(inside, check_package(published.built.folder).root) == []
            everything = b"".join((inside.folder / name).read_bytes() for name in names)
            custody_of_it = inside.read("custody.ndjson").decode().splitlines()
        assert {"case/case.toml", "case/events/events.parquet", "case/evidence/index.ndjson",
                "case/evidence/packs/000001.zst", "run/accounts.parquet", "publication.json",
                "case/directives/minutes.registered.json", "salt.key"} <= names  # fmt: skip
        for secret in (b"scan-from-vera", b"in the archive", b"zoo of drafts", b"nonce"):
            assert secret not in everything
        assert [json.loads(line)["kind"] for line in custody_of_it][-2:] == ["reviewed", "reviewed"]

    def test_what_is_written_down(self, published):
        case = open_case(published.built.folder.parent / "case")
        (entry,) = custody.entries(case.folder, custody.PUBLISHED)
        assert entry.facts["user"] == "Boris"
        assert entry.facts["package"] == published.built.digest
        assert entry.facts["leak"]["allowed"]
        assert verify_case(case).sound
        assert len(ledger.earlier(case.folder)) == 1

    def test_lines(self, published):
        first, second, *rest = published.lines()
        assert first.startswith(f"Package: {published.built.folder} (")
        assert published.built.digest in second
        assert rest[0].startswith("Time stamp: Test Authority")
        assert "package.sealed.age" in rest[1]

    def test_run_again(self, published, whom):
        found = reproduce(published.built.folder, published.built.sealed, whom.file)
        assert found.identical, found.lines()
        assert "release/tables/groups.csv" in found.public
        assert "report.ru.html" in found.public
        assert {"accounts", "pairs", "participation", "directive.json"} <= set(found.restricted)
        assert found.lines()[-1] == "Reproduced"


class TestReproduce:
    def test_of_another_package(self, published, whom, short, tmp_path):
        other = publish_run(short.folder, tmp_path / "other", languages=["en"])
        with pytest.raises(CaseError, match="supplement: is another one"):
            reproduce(other.built.folder, published.built.sealed, whom.file)

    def test_of_one_that_was_altered(self, published, whom, tmp_path):
        copy = Path(shutil.copytree(published.built.folder, tmp_path / "copy"))
        (copy / "data" / "methods.md").write_text("We asked around.")
        with pytest.raises(CaseError, match="is not what was published .*methods.md: is not what"):
            reproduce(copy, published.built.sealed, whom.file)

    def test_of_none(self, published, whom, tmp_path):
        with pytest.raises(CaseError, match="is no package"):
            reproduce(tmp_path / "none", published.built.sealed, whom.file)
        with pytest.raises(SettingError, match="--sealed .* cannot be read"):
            reproduce(published.built.folder, tmp_path / "none", whom.file)

    def test_what_differs_is_named(self, case, whom, tmp_path, monkeypatch):
        """A package whose tables are not those of its evidence."""
        real = claqueur.publication.public_files

        def forged(*given):
            files = real(*given)
            files["release/tables/groups.csv"] = files["release/tables/groups.csv"].replace(
                b"1,20,", b"1,90,"
            )
            return files

        monkeypatch.setattr(claqueur.publication, "public_files", forged)
        made = publish_run(case.folder, tmp_path / "out", to_key=[whom.public], languages=["en"])
        assert check_package(made.built.folder).sound
        found = reproduce(made.built.folder, made.built.sealed, whom.file)
        assert [name for name, same in found.public.items() if not same] == [
            "release/tables/groups.csv"
        ]
        assert found.lines()[0] == "release/tables/groups.csv: DIFFERS"
        assert found.lines()[-1] == "NOT REPRODUCED"


class TestRefused:
    def test_what_nobody_reviewed(self, case, tmp_path):
        again = run_case(case, SETTINGS)
        with pytest.raises(CaseError, match="findings are not reviewed"):
            publish_run(again, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("verdict", ["rejected", "doubtful"])
    def test_what_nobody_accepted(self, case, tmp_path, verdict):
        run = case.latest_run()
        decide(case, run, ["1", *items(run)], verdict, "no")
        with pytest.raises(ReleaseError, match="nothing was accepted"):
            publish_run(case.folder, tmp_path / "out")

    def test_a_run_before_more_data_came(self, case, tmp_path, csv):
        add(case, [csv("account_id,object_id,owner_id,timestamp\n1,z,-1,1600000000\n")])
        with pytest.raises(CaseError, match="the tables have changed since; use `claqueur run`"):
            publish_run(case.folder, tmp_path / "out")

    def test_a_run_before_a_directive_was_registered(self, case, tmp_path):
        register_directive(case, "draft")
        with pytest.raises(CaseError, match="a directive was registered since"):
            publish_run(case.folder, tmp_path / "out")

    def test_a_run_while_data_came_in(self, case, tmp_path, csv):
        """Tables that are exchanged after they were read are not those of the run."""

        class Slow:
            def stage(self, name, total=None):
                if name == "writing":
                    rows = "account_id,object_id,owner_id,timestamp\n1,z,-1,1600000000\n"
                    add(case, [csv(rows)])

            def advance(self, steps=1):
                """Nobody looks."""

            def note(self, text):
                """Nobody listens."""

        run = run_case(case, SETTINGS, progress=Slow())
        decide(case, run, ["1", *items(run)], "accepted", "read it")
        with pytest.raises(CaseError, match="the tables have changed since"):
            publish_run(run, tmp_path / "out")

    def test_a_case_that_was_altered(self, case, tmp_path):
        path = case.latest_run() / "pairs.parquet"
        pl.read_parquet(path).with_columns(weight=pl.lit(99, pl.Int64)).write_parquet(path)
        with pytest.raises(CaseError, match=r"was altered .*pairs.parquet: is not what it was"):
            publish_run(case.folder, tmp_path / "out")

    def test_a_case_whose_former_releases_are_gone(self, short, tmp_path):
        publish_run(short.folder, tmp_path / "one", languages=["en"])
        shutil.rmtree(short.folder / "releases")
        with pytest.raises(CaseError, match="is not remembered as it was"):
            publish_run(short.folder, tmp_path / "two")

    def test_while_somebody_collects(self, case, tmp_path):
        with EvidenceWriter(case.folder / "evidence"):
            with pytest.raises(CaseError, match="another collector .* is writing"):
                publish_run(case.folder, tmp_path / "out")

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"k": 9}, "fewer than 10"),
            ({"to_key": ["age1nobody"]}, "is no recipient"),
            ({"languages": ["fr"]}, "--language fr: there are en, ru"),
            ({"stamp_server": "stamps"}, "https://… or http://…"),
            ({"tsa_root": "x.pem"}, "--tsa-root: goes with --stamp-server"),
            ({"user": "a\nb"}, "--user"),
        ],
    )
    def test_settings(self, case, tmp_path, given, said):
        with pytest.raises(SettingError, match=said):
            publish_run(case.folder, tmp_path / "out", **given)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]
        assert custody.entries(case.folder, custody.PUBLISHED) == []

    def test_a_place_that_is_taken(self, case, tmp_path):
        with pytest.raises(CaseError, match="exists and is not empty"):
            publish_run(case.folder, case.folder)


class TestTakenBack:
    def test_a_publication_that_fails_last(self, short, whom, tmp_path, monkeypatch):
        """The server gave a stamp, all is written down, and then the folder cannot be renamed."""
        rename = Path.rename

        def full(self, target):
            if Path(target).name == "out":
                raise RunError("no more")
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", full)
        with pytest.raises(RunError, match="no more"):
            publish_run(
                short.folder, tmp_path / "out", languages=["en"], to_key=[whom.public]
            )  # fmt: skip
        monkeypatch.undo()
        kinds = [entry.kind for entry in custody.entries(short.folder)]
        assert kinds[-2:] == ["published", "withdrawn"]
        assert ledger.earlier(short.folder) == []
        assert verify_case(short).sound
        assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]
        publish_run(short.folder, tmp_path / "out", languages=["en"])
        assert verify_case(short).sound

    def test_killed_at_any_moment(self, kept, whom, tmp_path):
        """What is there afterwards is a whole package, or none."""
        command = [sys.executable, "-c", KILLED, str(tmp_path / "case"), whom.public]
        for wait_s in (0.0, 0.4):
            shutil.rmtree(tmp_path / "case", ignore_errors=True)
            shutil.copytree(kept, tmp_path / "case")
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout.readline() == "packing\n"
            time.sleep(wait_s)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
            out = tmp_path / "case" / "out"
            assert not out.exists() or check_package(out).sound
            shutil.rmtree(out, ignore_errors=True)
            sealed_path(out).unlink(missing_ok=True)


KILLED = """
import sys
from pathlib import Path
from claqueur.package import About, build
payload = {f"release/{number}.csv": bytes(100_000) for number in range(200)}
sealed = {str(number): bytes(1_000_000) for number in range(50)}
class Said:
    def stage(self, name, total=None):
        if name == "packing":
            print(name, flush=True)
    def advance(self, steps=1): pass
    def note(self, text): pass
build(Path(sys.argv[1]) / "out", payload, about=About("", "", ""), sealed=sealed,
      recipients=sys.argv[2:], progress=Said())
"""
