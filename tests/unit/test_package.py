"""Packages: written whole, checked by others' tools, and no byte changed unseen."""

import hashlib
import io
import os
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path

import bagit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrage import encrypt, x25519
from rocrate.rocrate import ROCrate
from tests.authorities import openssl, served, token
from tests.packages import ABOUT, PAYLOAD, SEALED, Recipient, content, packed, recipient

from claqueur.directive.stamp import verify
from claqueur.errors import CaseError, RunError, SettingError
from claqueur.package import build, check_package, check_sealed, sealed_path, unsealed
from claqueur.package.layout import (
    ROOT_CERTIFICATE,
    STAMPED,
    TOKEN,
    LayoutError,
    check_distinct,
    check_path,
    manifest,
    parse_manifest,
)


@pytest.fixture(scope="module")
def whom(tmp_path_factory) -> Recipient:
    return recipient(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def stamped(tmp_path_factory, authority, whom) -> Path:
    """A package with everything; not to be changed."""
    folder = tmp_path_factory.mktemp("stamped")
    with served(authority) as server:
        packed(
            folder, recipients=[whom.public], stamp_server=server,
            tsa_root=(authority / "root.pem").read_bytes(),
        )  # fmt: skip
    return folder / "package"


@pytest.fixture
def copy(stamped, tmp_path) -> Path:
    return Path(shutil.copytree(stamped, tmp_path / "copy"))


@pytest.fixture
def plain(tmp_path) -> Path:
    """A package without a stamp, to be changed."""
    return packed(tmp_path).folder


def faults(folder: Path) -> str:
    checked = check_package(folder)
    assert not checked.sound
    return "\n".join(checked.faults)


class TestBuilt:
    def test_what_is_in_it(self, plain):
        assert sorted(content(plain)) == [
            "bag-info.txt",
            "bagit.txt",
            "data/evidence-root.json",
            "data/release/release.json",
            "data/release/tables/groups.csv",
            "data/report.en.html",
            "data/ro-crate-metadata.json",
            "manifest-sha256.txt",
            "manifest-sha512.txt",
            "tagmanifest-sha256.txt",
            "tagmanifest-sha512.txt",
        ]
        found = content(plain)
        assert all(found[f"data/{path}"] == each for path, each in PAYLOAD.items())

    def test_nothing_restricted_is_in_it(self, stamped):
        found = content(stamped)
        for name, secret in SEALED.items():
            # The name of the list of records is no secret, and in the documentation.
            assert not [path for path in found if name.encode() in found[path]]
            digest = hashlib.sha256(secret).hexdigest().encode()
            assert not [path for path in found if digest in found[path]]
        assert not [path for path in found if bytes(range(32)).hex().encode() in found[path]]

    def test_the_same_twice_is_the_same_bytes(self, plain, tmp_path):
        (tmp_path / "again").mkdir()
        again = packed(tmp_path / "again")
        assert content(again.folder) == content(plain)
        assert (
            again.digest
            == hashlib.sha256((plain / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
        )

    def test_without_a_key_the_root_is_another_one_each_time(self, plain, tmp_path):
        (tmp_path / "again").mkdir()
        again = packed(tmp_path / "again", key=b"")
        assert check_package(again.folder).root != check_package(plain).root

    def test_sound_by_itself(self, plain):
        checked = check_package(plain)
        assert (checked.sound, checked.files) == (True, 11)
        assert "there is no time stamp" in checked.remarks[0]

    def test_another_tool_takes_it_for_a_bag(self, stamped):
        bag = bagit.Bag(str(stamped))
        assert bag.validate()
        assert bag.info["External-Description"] == "Krasnoyarsk 2019"

    def test_another_tool_reads_the_crate(self, plain):
        crate = ROCrate(plain / "data")
        assert crate.version == "1.2"
        assert crate.name == "Krasnoyarsk 2019"
        assert {entity.id for entity in crate.data_entities} == {*PAYLOAD, "evidence-root.json"}
        (action,) = crate.get_by_type("CreateAction")
        assert [tool["name"] for tool in action["instrument"]] == ["claqueur"]

    def test_coreutils_and_openssl_alone(self, stamped, authority):
        """What docs/package.md says, word for word."""
        page = (Path(__file__).parents[2] / "docs" / "package.md").read_text(encoding="utf-8")
        commands = page.partition("```sh\n")[2].partition("```")[0]
        assert "sha256sum -c" in commands
        assert "openssl ts -verify" in commands
        commands = commands.replace("tsa-root.pem", str(authority / "root.pem"))
        shell = ["bash", "-eu", "-o", "pipefail", "-c", commands]
        done = subprocess.run(shell, cwd=stamped.parent, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "Verification: OK" in done.stdout + done.stderr
        assert "FAILED" not in done.stdout

    def test_a_place_that_is_taken(self, plain, tmp_path, whom):
        with pytest.raises(CaseError, match="exists and is not empty"):
            packed(tmp_path)
        shutil.rmtree(plain)
        sealed_path(plain).write_text("something")
        with pytest.raises(CaseError, match=r"package\.sealed\.age: exists; move it away"):
            packed(tmp_path, recipients=[whom.public])
        assert sealed_path(plain).read_text() == "something"

    @pytest.mark.parametrize(
        "path", ["../out", "/etc/passwd", "a/../b", "", "nul", "a\nb", "evidence-root.json/x"]
    )
    def test_a_path_that_is_none(self, tmp_path, path):
        with pytest.raises(SettingError, match="this cannot be packed"):
            packed(tmp_path, payload={path: b"x"})
        assert list(tmp_path.iterdir()) == []

    def test_what_fails_last_leaves_nothing(self, tmp_path, whom):
        def refuse(built):
            assert built.sealed
            raise CaseError("no")

        with pytest.raises(CaseError, match="^no$"):
            packed(tmp_path, recipients=[whom.public], before=refuse)
        assert list(tmp_path.iterdir()) == []


class TestSealed:
    def test_comes_back(self, stamped, whom):
        with unsealed(sealed_path(stamped), whom.file) as inside:
            assert {*inside.hashes} == {*SEALED, "salt.key"}
            assert all(inside.read(name) == secret for name, secret in SEALED.items())
            assert check_sealed(inside, check_package(stamped).root) == []
            folder = inside.folder
            assert folder.parent.stat().st_mode & 0o077 == 0
        assert not folder.exists()

    def test_only_its_owner_may_read_it(self, stamped):
        assert sealed_path(stamped).stat().st_mode & 0o077 == 0

    def test_to_several(self, tmp_path, whom):
        other = recipient(tmp_path)
        built = packed(tmp_path, recipients=[whom.public, other.public])
        for each in (whom, other):
            with unsealed(built.sealed, each.file) as inside:
                assert inside.read("empty") == b""

    def test_of_files(self, tmp_path, whom):
        (tmp_path / "big").write_bytes(os.urandom(3_000_001))
        built = packed(
            tmp_path, recipients=[whom.public], sealed={"case/big": tmp_path / "big"}
        )  # fmt: skip
        with unsealed(built.sealed, whom.file) as inside:
            assert inside.read("case/big") == (tmp_path / "big").read_bytes()
            assert check_sealed(inside, built.root.digest) == []

    def test_of_another_package(self, stamped, whom, tmp_path):
        other = packed(tmp_path, sealed={**SEALED, "empty": b"not"}, recipients=[whom.public])
        with unsealed(other.sealed, whom.file) as inside:
            said = check_sealed(inside, check_package(stamped).root)
        assert said == [
            "supplement: is another one: the root over its evidence is not that of the package"
        ]

    def test_a_key_it_is_not_for(self, stamped, tmp_path):
        with pytest.raises(SettingError, match="is not encrypted to this key"):
            with unsealed(sealed_path(stamped), recipient(tmp_path).file):
                pass

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_any_flipped_byte_is_found(self, stamped, whom, tmp_path_factory, data):
        raw = bytearray(sealed_path(stamped).read_bytes())
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        altered = tmp_path_factory.mktemp("altered") / "x.sealed.age"
        altered.write_bytes(raw)
        with pytest.raises((CaseError, SettingError), match="altered|damaged"):
            with unsealed(altered, whom.file):
                pass

    @pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
    def test_cut_short(self, stamped, whom, tmp_path, share):
        raw = sealed_path(stamped).read_bytes()
        (tmp_path / "cut").write_bytes(raw[: int(len(raw) * share)])
        with pytest.raises(CaseError, match="altered|damaged|cut"):
            with unsealed(tmp_path / "cut", whom.file):
                pass

    @pytest.mark.parametrize(
        ("key", "said"),
        [
            ("age1", "is no recipient"),
            ("age1" + "q" * 58, "is no recipient"),
            ("", "is no recipient"),
            ("ssh-ed25519 AAAA", "is no recipient"),
            pytest.param(str(x25519.Identity.generate()), "that is a secret key", id="secret key"),
        ],
    )
    def test_a_recipient_that_is_none(self, tmp_path, key, said):
        with pytest.raises(SettingError, match=said) as caught:
            packed(tmp_path, recipients=[key])
        assert "AGE-SECRET-KEY" not in str(caught.value)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "has no secret key"),
            ("# nothing\n\n", "has no secret key"),
            ("AGE-SECRET-KEY-1QQQ\n", "a line is no secret key"),
            pytest.param(
                str(x25519.Identity.generate().to_public()),
                "a line is no secret key",
                id="public key",
            ),
        ],
    )
    def test_a_file_of_keys_that_is_none(self, stamped, tmp_path, text, said):
        (tmp_path / "key").touch(mode=0o600)
        (tmp_path / "key").write_text(text)
        with pytest.raises(SettingError, match=said) as caught:
            with unsealed(sealed_path(stamped), tmp_path / "key"):
                pass
        assert "QQQ" not in str(caught.value)

    def test_a_key_that_others_may_read(self, stamped, tmp_path):
        key = recipient(tmp_path)
        key.file.chmod(0o644)
        with pytest.raises(SettingError, match="others may read it; use `chmod 600"):
            with unsealed(sealed_path(stamped), key.file):
                pass

    def test_a_file_that_changes_meanwhile(self, tmp_path, whom):
        (tmp_path / "case.toml").write_bytes(b"one")

        class Changing(type(tmp_path)):
            """A file that grows after it was looked at."""

            def stat(self, **given):
                self.write_bytes(b"other")
                return super().stat(**given)

        with pytest.raises(CaseError, match="changed while it was packed; let whatever writes"):
            packed(
                tmp_path, recipients=[whom.public],
                sealed={"case/case.toml": Changing(tmp_path / "case.toml")},
            )  # fmt: skip
        assert sorted(path.name for path in tmp_path.iterdir()) == ["case.toml"]

    def tar(self, *members: tuple[tarfile.TarInfo, bytes]) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for info, body in members:
                info.size = len(body) if info.type == tarfile.REGTYPE else 0
                tar.addfile(info, io.BytesIO(body))
        return out.getvalue()

    def info(self, name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
        made = tarfile.TarInfo(name)
        made.type, made.linkname = kind, link
        return made

    @pytest.mark.parametrize(
        ("name", "kind", "said"),
        [
            ("../out", tarfile.REGTYPE, "leads out of the package"),
            ("/tmp/out", tarfile.REGTYPE, "leads out of the package"),
            ("a/../../out", tarfile.REGTYPE, "leads out of the package"),
            ("NUL.txt", tarfile.REGTYPE, "is the name of a device"),
            ("a:b", tarfile.REGTYPE, "has letters that no path"),
            ("a\\b", tarfile.REGTYPE, "has letters that no path"),
            ("link", tarfile.SYMTYPE, "is no plain file"),
            ("hard", tarfile.LNKTYPE, "is no plain file"),
            ("pipe", tarfile.FIFOTYPE, "is no plain file"),
            ("disk", tarfile.BLKTYPE, "is no plain file"),
            ("tty", tarfile.CHRTYPE, "is no plain file"),
            ("folder", tarfile.DIRTYPE, "is no plain file"),
            ("sparse", tarfile.GNUTYPE_SPARSE, "is no plain file|is no supplement"),
        ],
    )
    def test_tricks(self, whom, tmp_path, name, kind, said):
        raw = self.tar((self.info(name, kind, "../../out"), b"x"))
        with pytest.raises(CaseError, match=said):
            self.opened(raw, whom, tmp_path)
        assert not (tmp_path.parent / "out").exists()

    def opened(self, raw: bytes, whom: Recipient, folder: Path) -> None:
        sealed = folder / "hostile.sealed.age"
        sealed.write_bytes(encrypt(raw, [x25519.Recipient.from_str(whom.public)]))
        with unsealed(sealed, whom.file):
            pass

    def test_one_name_twice(self, whom, tmp_path):
        twice = self.tar((self.info("a"), b"x"), (self.info("a"), b"y"))
        with pytest.raises(CaseError, match="'a' is there twice"):
            self.opened(twice, whom, tmp_path)

    def test_a_sparse_file_that_would_fill_a_disk(self, whom, tmp_path):
        info = self.info("bomb")
        info.pax_headers = {
            "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "bomb",
            "GNU.sparse.realsize": str(1 << 40),
        }  # fmt: skip
        raw = self.tar((info, b"1\n0\n512\n".ljust(512, b"\0") + bytes(512)))
        with pytest.raises(CaseError, match="'bomb' is no plain file"):
            self.opened(raw, whom, tmp_path)

    @pytest.mark.parametrize("raw", [b"", b"x" * 5000])
    def test_what_is_no_tar_file(self, whom, tmp_path, raw):
        with pytest.raises(CaseError, match="is no supplement"):
            self.opened(raw, whom, tmp_path)

    def test_a_compressed_one_is_refused(self, whom, tmp_path):
        import gzip

        raw = gzip.compress(self.tar((self.info("a"), b"x")))
        with pytest.raises(CaseError, match="is no supplement"):
            self.opened(raw, whom, tmp_path)


class TestStamps:
    def test_verified(self, stamped, authority):
        for roots in (None, (authority / "root.pem").read_bytes()):
            checked = check_package(stamped, roots=roots)
            assert checked.sound, checked.faults
            (said,) = checked.remarks
            assert said.startswith("time stamp by Test Authority, Time Stamps: it existed on 20")
        assert "verified down to the certificate you gave" in said

    def test_without_a_certificate_it_is_kept_and_said_to_be_unverified(self, tmp_path, authority):
        with served(authority) as server:
            built = packed(tmp_path, stamp_server=server)
        assert built.stamp
        assert built.stamp.by == "Test Authority, Time Stamps"
        checked = check_package(built.folder)
        assert checked.sound
        assert "signature was NOT verified: give the authority's root" in checked.remarks[0]
        assert check_package(built.folder, roots=(authority / "root.pem").read_bytes()).sound

    def test_down_to_another_certificate(self, stamped, authority):
        checked = check_package(stamped, roots=(authority / "other.pem").read_bytes())
        assert "--tsa-root does not lead to the certificate that signed it" in checked.faults[0]

    def test_of_another_file(self, copy, authority, tmp_path):
        (tmp_path / "other.txt").write_text("something else")
        answer = token(authority, tmp_path / "other.txt").read_bytes()
        (copy / "tagmanifest-sha256.txt.tsr").write_bytes(answer)
        digest = hashlib.sha256(answer).hexdigest()
        line = f"{digest}  tagmanifest-sha256.txt.tsr\n"
        (copy / "tagmanifest-sha256.txt.tsr.sha256").write_text(line)
        assert "it stamps another file" in faults(copy)
        (copy / "tsa-root.pem").unlink()
        assert "it stamps another file" in faults(copy)

    def test_taken_away(self, copy):
        (copy / "tagmanifest-sha256.txt.tsr").unlink()
        assert "the time stamp was taken away" in faults(copy)
        (copy / "tagmanifest-sha256.txt.tsr.sha256").unlink()
        assert "the time stamp was taken away" in faults(copy)

    def test_got_by_hand(self, plain, authority):
        """As docs/package.md has it, for those whose machine asks nobody."""
        answer = token(authority, plain / "tagmanifest-sha256.txt")
        (plain / "tagmanifest-sha256.tsq").unlink()
        answer.rename(plain / "tagmanifest-sha256.txt.tsr")
        command = "sha256sum tagmanifest-sha256.txt.tsr > tagmanifest-sha256.txt.tsr.sha256"
        subprocess.run(command, shell=True, cwd=plain, check=True)
        checked = check_package(plain, roots=(authority / "root.pem").read_bytes())
        assert checked.sound
        assert "verified down to the certificate you gave" in checked.remarks[0]

    @pytest.mark.parametrize(
        ("path", "error", "said"),
        [
            ("/gone", RunError, "HTTP 404"),
            ("/garbage", SettingError, "the token is no time-stamp response"),
            ("/long", RunError, "its answer is too long"),
            ("/moved", RunError, "HTTP 302"),
        ],
    )
    def test_a_server_that_gives_none(self, tmp_path, authority, path, error, said):
        answers = {
            "/gone": (404, b"no"), "/garbage": (200, b"<html>"), "/long": (200, bytes(300_000)),
            "/moved": (302, b"there"),
        }  # fmt: skip
        with served(authority, answers) as server:
            with pytest.raises(error, match=said):
                packed(tmp_path, stamp_server=f"{server}{path}")
        assert list(tmp_path.iterdir()) == []

    def test_an_answer_to_another_request(self, tmp_path, authority):
        (tmp_path / "old.txt").write_bytes(b"x")
        same = packed(tmp_path).folder / "tagmanifest-sha256.txt"
        # Over the very same file, but not to this question.
        (tmp_path / "again").mkdir()
        with served(authority) as server:
            stamped = packed(tmp_path / "again", stamp_server=server).folder
        request = tmp_path / "asked.tsq"
        openssl(authority, f"ts -query -data {stamped}/{same.name} -sha256 -cert -out {request}")
        openssl(authority, f"ts -reply -queryfile {request} -config tsa.cnf -out {tmp_path}/old")
        answers = {"/": (200, (tmp_path / "old").read_bytes())}
        (tmp_path / "third").mkdir()
        with served(authority, answers) as server:
            with pytest.raises(SettingError, match="it answers another request"):
                packed(tmp_path / "third", stamp_server=f"{server}/")

    def test_a_server_that_is_not_there(self, tmp_path):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        with pytest.raises(RunError, match="gave no time stamp .*nothing was written"):
            packed(tmp_path, stamp_server=f"http://127.0.0.1:{port}")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("server", "said"),
        [
            ("ftp://a", "https://… or http://…"),
            ("stamps", "https://… or http://…"),
            ("http://", "https://… or http://…"),
            ("http://me:secret@a", "with a password is refused"),
        ],
    )
    def test_an_address_that_is_none(self, tmp_path, server, said):
        with pytest.raises(SettingError, match=said):
            packed(tmp_path, stamp_server=server)


class TestTampering:
    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_any_flipped_bit_is_found(self, stamped, tmp_path_factory, data):
        path = data.draw(st.sampled_from(sorted(content(stamped))))
        raw = bytearray((stamped / path).read_bytes())
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
        flipped_is_found(stamped, path, bytes(raw), tmp_path_factory)

    def test_every_byte_of_what_lists_the_others(self, stamped, tmp_path):
        """The files that no other hash covers, all of them, by three changes each."""
        copy = Path(shutil.copytree(stamped, tmp_path / "copy"))
        for path in ("tagmanifest-sha256.txt", "tagmanifest-sha512.txt", "bagit.txt"):
            good = (copy / path).read_bytes()
            # Only the hashes' own length is left to chance, in the test above.
            for at in range(0, len(good), 1 if len(good) < 500 else 7):
                for mask in (0x01, 0x20, 0x80):
                    bad = bytearray(good)
                    bad[at] ^= mask
                    (copy / path).write_bytes(bad)
                    assert not check_package(copy).sound, (path, at, mask)
            (copy / path).write_bytes(good)
        assert check_package(copy).sound

    def test_no_bit_of_a_certificate_or_token_makes_it_crash(self, stamped):
        """Certificates that one library reads and the other does not, unknown versions and all."""
        token, message = content(stamped)[TOKEN], content(stamped)[STAMPED]
        root = content(stamped)[ROOT_CERTIFICATE]
        for good, check in [
            (root, lambda bad: verify(token, message, bad)),
            (token, lambda bad: verify(bad, message, root)),
        ]:
            told = 0
            for at in range(0, len(good), 3):
                bad = bytearray(good)
                bad[at] ^= 1 << at % 8
                try:
                    check(bytes(bad))
                except SettingError:
                    told += 1
            assert told > 0

    @pytest.mark.parametrize(
        "path", ["bagit.txt", "data/report.en.html", "manifest-sha512.txt", "tsa-root.pem",
                 "tagmanifest-sha256.txt", "data/ro-crate-metadata.json", "data/evidence-root.json"]
    )  # fmt: skip
    def test_a_file_that_is_missing(self, copy, path):
        (copy / path).unlink()
        assert f"{path}: is missing" in faults(copy)

    @pytest.mark.parametrize(
        "path", ["data/extra.csv", "extra.txt", "fetch.txt", "data/release/tables/.hidden",
                 "manifest-md5.txt", "tagmanifest-sha1.txt"]
    )  # fmt: skip
    def test_a_file_that_is_extra(self, copy, path):
        (copy / path).write_text("x")
        assert f"{path}: is extra" in faults(copy)

    def test_an_empty_folder(self, copy):
        (copy / "data" / "more").mkdir()
        assert faults(copy) == "data/more: is an empty folder"

    def test_a_release_of_another_package(self, copy, tmp_path):
        """Manifests made anew and all: then the time stamp tells."""
        (tmp_path / "other").mkdir()
        other = packed(tmp_path / "other", payload={**PAYLOAD, "report.en.html": b"other"})
        for path in ("data/report.en.html", "data/ro-crate-metadata.json", "bag-info.txt",
                     "manifest-sha256.txt", "manifest-sha512.txt", "tagmanifest-sha256.txt",
                     "tagmanifest-sha512.txt"):  # fmt: skip
            shutil.copy(other.folder / path, copy / path)
        said = faults(copy)
        assert "it stamps another file" in said

    def test_a_crate_that_says_something_else(self, tmp_path):
        folder = packed(tmp_path).folder
        crate = (folder / "data/ro-crate-metadata.json").read_bytes()
        for old, new, said in [
            (b'"contentSize": "16"', b'"contentSize": "17"', "size or hash of release/tables"),
            (b"report.en.html", b"report.fr.html", "report.en.html is not in it"),
            (b'"@graph"', b'"@grape"', "is no RO-Crate"),
            (b"{", b"[", "is no RO-Crate"),
        ]:
            assert old in crate
            self.put(folder, "data/ro-crate-metadata.json", crate.replace(old, new))
            assert said in faults(folder)

    def test_a_root_that_is_none(self, tmp_path):
        folder = packed(tmp_path).folder
        for new in (b"{}", b"[" * 100_000, b'{"root": "zz"}', b'{"root": "00"}'):
            self.put(folder, "data/evidence-root.json", new)
            assert "data/evidence-root.json: " in faults(folder)

    def put(self, folder: Path, path: str, new: bytes) -> None:
        """Another content with manifests that fit, as somebody would who forges a package."""
        (folder / path).write_bytes(new)
        data = {name: raw for name, raw in content(folder).items() if name.startswith("data/")}
        for name in ("sha256", "sha512"):
            hashes = {each: hashlib.new(name, raw).hexdigest() for each, raw in data.items()}
            (folder / f"manifest-{name}.txt").write_bytes(manifest(hashes))
        beside = {
            name: raw for name, raw in content(folder).items()
            if not name.startswith(("data/", "tagmanifest"))
        }  # fmt: skip
        for name in ("sha256", "sha512"):
            hashes = {each: hashlib.new(name, raw).hexdigest() for each, raw in beside.items()}
            (folder / f"tagmanifest-{name}.txt").write_bytes(manifest(hashes))


def flipped_is_found(folder: Path, path: str, raw: bytes, factory: pytest.TempPathFactory) -> None:
    copy = factory.mktemp("flipped") / "package"
    shutil.copytree(folder, copy, copy_function=os.link)
    (copy / path).unlink()
    (copy / path).write_bytes(raw)
    assert not check_package(copy).sound, path
    shutil.rmtree(copy)


class TestHostile:
    @pytest.mark.parametrize("target", ["/etc/passwd", "report.en.html", "nowhere"])
    def test_links(self, plain, target):
        (plain / "data" / "link").symlink_to(target)
        assert faults(plain) == "data/link: is a link, and a package has none"

    def test_a_file_in_whose_place_is_a_link_to_it(self, plain, tmp_path):
        (plain / "data/report.en.html").rename(tmp_path / "moved")
        (plain / "data/report.en.html").symlink_to(tmp_path / "moved")
        assert "is a link" in faults(plain)

    def test_a_link_to_a_folder(self, plain, tmp_path):
        (plain / "data/release").rename(tmp_path / "moved")
        (plain / "data/release").symlink_to(tmp_path / "moved")
        assert faults(plain) == "data/release: is a link, and a package has none"

    def test_a_link_in_place_of_the_declaration(self, plain):
        (plain / "bagit.txt").unlink()
        (plain / "bagit.txt").symlink_to("/dev/zero")
        assert faults(plain) == "bagit.txt: is a link, and a package has none"

    def test_a_pipe_is_not_waited_for(self, plain):
        os.mkfifo(plain / "data" / "pipe")
        (plain / "bagit.txt").unlink()
        os.mkfifo(plain / "bagit.txt")
        said = faults(plain)
        assert "data/pipe: is a pipe" in said
        assert "bagit.txt: is a pipe" in said

    def test_a_socket(self, plain, monkeypatch):
        monkeypatch.chdir(plain)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
        assert faults(plain) == "socket: is a socket, and a package has none"

    @pytest.mark.parametrize(
        "name", ["con", "AUX.txt", "lpt1.csv", "a:b", "a\\b", "a\nb", "a\x1b[2Jb", "end.", " a",
                 "a%0Ab", "e\u0301", "\u202egnp"]
    )  # fmt: skip
    def test_names(self, plain, name):
        (plain / "data" / name).write_text("x")
        said = faults(plain)
        assert all(line.isprintable() for line in said.splitlines())
        assert "data/" in said

    def test_a_name_that_is_no_text(self, plain):
        path = os.fsencode(plain) + b"/data/\xff\xfe"
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        assert "has letters that no path" in faults(plain)

    def test_two_names_that_are_one_elsewhere(self, tmp_path):
        folder = packed(tmp_path, payload={"a.csv": b"1"}).folder
        (folder / "data/A.csv").write_text("2")
        assert "are one on some systems" in faults(folder)

    def test_deep_folders(self, plain):
        (plain / "data" / Path(*"abcdefghijkl")).mkdir(parents=True)
        assert "too deep" in faults(plain)

    def test_many_files(self, plain):
        (plain / "data/many").mkdir()
        for number in range(5_001):
            os.link(plain / "bagit.txt", plain / f"data/many/{number}")
        assert faults(plain).startswith("has more files than any package (5,000 at most)")

    def test_a_file_without_end(self, plain):
        """Of no size on the disk, and of three gigabytes to whoever reads it."""
        with (plain / "data" / "hole").open("wb") as file:
            file.truncate(3 << 30)
        assert faults(plain) == "is larger than any package (2 GB at most)"

    def test_a_long_manifest(self, plain):
        with (plain / "manifest-sha256.txt").open("wb") as file:
            file.truncate(17 << 20)
        assert "manifest-sha256.txt: is too long (16 MB at most)" in faults(plain)

    def test_a_long_crate(self, plain):
        with (plain / "data/ro-crate-metadata.json").open("wb") as file:
            file.truncate(17 << 20)
        assert "data/ro-crate-metadata.json: is too long" in faults(plain)

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("{h}  data/../../etc/passwd", "leads out of the package"),
            ("{h}  /etc/passwd", "leads out of the package"),
            ("{h}  data//x", "leads out of the package"),
            ("{h}  data/a%0Ab", "has letters that no path"),
            ("{h} *data/x", "is no sha256 hash and path"),
            ("{h}  data/report.en.html", "a second time"),
            ("{h}", "is no sha256 hash and path"),
            ("", "is no sha256 hash and path"),
        ],
    )
    def test_lines_of_a_manifest(self, plain, line, said):
        with (plain / "manifest-sha256.txt").open("a") as file:
            file.write(line.format(h="0" * 64) + "\n")
        found = faults(plain)
        assert "manifest-sha256.txt: " in found
        assert said in found

    def test_capital_letters_of_a_hash(self, plain):
        path = plain / "manifest-sha256.txt"
        raw = path.read_bytes()
        path.write_bytes(raw[:64].upper() + raw[64:])
        assert "is no sha256 hash and path" in faults(plain)


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


class TestPaths:
    @given(PATHS)
    def test_what_is_let_through_stays_inside(self, path):
        try:
            check_path(path)
        except LayoutError:
            return
        base = Path("/base")
        assert (base / path).is_relative_to(base)
        assert os.path.normpath(f"/base/{path}") == f"/base/{path}"
        assert "\n" not in path

    @given(st.dictionaries(PATHS, st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=1))
    def test_a_manifest_comes_back(self, hashes):
        kept = {}
        for path, digest in hashes.items():
            try:
                kept[check_path(path)] = digest
            except LayoutError:
                continue
        if kept:
            assert parse_manifest(manifest(kept), "sha256") == kept

    @pytest.mark.parametrize(
        "paths", [["a", "A"], ["a/b", "A/c"], ["a", "a/b"], ["é", "É"], ["a/b/c", "a/B"]]
    )
    def test_not_distinct(self, paths):
        with pytest.raises(LayoutError, match="are one on some systems|is a file and a folder"):
            check_distinct(paths)

    def test_distinct(self):
        check_distinct(["a", "b/a", "b/c", "ab"])


def test_an_empty_release_is_a_package_too(tmp_path):
    built = build(tmp_path / "empty", {}, about=ABOUT)
    assert check_package(built.folder).sound
    assert built.sealed is None
