"""The attack suite: every case is refused."""

import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claqueur import custody
from claqueur.web.sessions import Sessions
from claqueur.web.users import Doorkeeper, add_user, read_users
from claqueur.web.views import ENDPOINTS
from tests.web.conftest import ORIGIN, SCRIPT, Room, opened, signed_in

CASE = {"case": "planted"}
FILLED = {
    "group": 1, "case": "planted", "job": "20261125-000000-0123456789ab", "upload": "0" * 32,
    "directive": "minutes", "run": "20200101-000000", "package": "package-20200101-000000",
    "language": "en", "item": "second-reader",
}  # fmt: skip


def addresses() -> list[tuple[str, str]]:
    return [(each.method, each.path.format(**FILLED)) for each in ENDPOINTS]


@pytest.fixture
def stranger(kept):
    """A browser that is not signed in."""
    with opened(kept) as client:
        yield client


class TestStrangers:
    @pytest.mark.parametrize(("method", "path"), addresses())
    def test_get_nothing(self, stranger, method, path):
        answer = stranger.request(
            method, path, headers={"x-claqueur-csrf": "guess"}, json={"name": "a", "password": "b"}
        )
        if path == "/api/session" and method == "GET":
            assert answer.json()["signed_in"] is False
            assert answer.json()["csrf"] is None
            return
        assert answer.status_code in (401, 403)
        assert answer.json()["error"]["kind"] in ("NotSignedIn", "Refused")

    @pytest.mark.parametrize("token", ["", "guess", "é", "x" * 10_000])
    def test_wrong_tokens_open_nothing(self, stranger, token):
        answer = stranger.get("/", params={"token": token}, follow_redirects=False)
        assert "set-cookie" not in answer.headers
        assert stranger.get("/api/cases").status_code == 401

    def test_the_token_opens_once(self, kept):
        said = []
        sessions = Sessions("Anna", on_used=said.append)
        with opened(kept, sessions) as first, opened(kept, sessions) as second:
            token = sessions.token
            for client in (first, second):
                client.get("/", params={"token": token}, follow_redirects=False)
            assert first.get("/api/cases").status_code == 200
            assert second.get("/api/cases").status_code == 401
            second.get("/", params={"token": said[0]}, follow_redirects=False)
            assert second.get("/api/cases").status_code == 200

    def test_the_cookie_is_no_script_s_and_no_other_site_s(self, stranger):
        token = stranger.app.state.server.sessions.token
        answer = stranger.get("/group/1", params={"token": token}, follow_redirects=False)
        assert answer.headers["location"] == "/group/1"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie

    @pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example"])
    def test_signing_in_leads_nowhere_else(self, stranger, path):
        token = stranger.app.state.server.sessions.token
        answer = stranger.get(f"{ORIGIN}{path}?token={token}", follow_redirects=False)
        assert answer.headers["location"].startswith("/")
        assert not answer.headers["location"].startswith(("//", "/\\"))

    def test_sessions_end_by_themselves(self):
        now = [0.0]
        sessions = Sessions("Anna", clock=lambda: now[0])
        secret = sessions.redeem(sessions.token)
        assert sessions.of(secret)
        now[0] = 1e6
        assert sessions.of(secret) is None


class TestOtherSites:
    @pytest.mark.parametrize(
        "headers",
        [
            {"host": "evil.example"},
            {"host": "127.0.0.1.evil.example"},
            {"host": ""},
            {"host": "localhost@evil.example"},
            {"origin": "http://evil.example"},
            {"origin": "http://127.0.0.1:3000"},
            {"origin": "null"},
        ],
    )
    @pytest.mark.parametrize("path", ["/api/cases", "/"])
    def test_are_refused(self, reading, headers, path):
        answer = reading.client.get(path, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["error"]["kind"] == "Refused"

    def test_may_not_send(self, reading):
        headers = {"x-claqueur-csrf": reading.csrf, "sec-fetch-site": "cross-site"}
        answer = reading.client.post("/api/verify", params=CASE, headers=headers)
        assert answer.status_code == 403

    @pytest.mark.parametrize("csrf", [None, "", "guess", "é"])
    @pytest.mark.parametrize(("method", "path"), [pair for pair in addresses() if pair[0] != "GET"])
    def test_cannot_forge(self, reading, method, path, csrf):
        headers = {} if csrf is None else {"x-claqueur-csrf": csrf.encode()}
        answer = reading.client.request(method, path, headers=headers, params=CASE, json={})
        assert answer.status_code == 403 or (path == "/api/session" and method == "POST")
        assert answer.status_code >= 400

    def test_no_answer_goes_without_armour(self, reading):
        for path in ("/", "/api/cases", "/api/none", "/api/runs/none", "/deep/link"):
            headers = reading.client.get(path).headers
            policy = headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"

    def test_a_proxy_s_name_is_let_in_when_it_was_named(self, kept):
        with opened(kept, hosts=["room.example.org"]) as client:
            host = {"host": "room.example.org"}
            assert client.get("/api/session", headers=host).status_code == 200
            assert client.get("/api/session", headers={"host": "x.org"}).status_code == 403
            token = client.app.state.server.sessions.token
            answer = client.get("/", params={"token": token}, follow_redirects=False)
            assert "secure" in answer.headers["set-cookie"].lower()


PATHS = ["..", "../planted", "%2e%2e", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "planted/..",
         "planted%00", ".", "planted/runs", "\\..\\"]  # fmt: skip


class TestPaths:
    @pytest.mark.parametrize("name", PATHS)
    def test_no_case_outside(self, reading, name):
        for answer in (
            reading.client.get("/api/runs", params={"case": name}),
            reading.client.get(f"/api/cases/{name}"),
            reading.client.get(f"/api/packages/{name}.zip", params=CASE),
            reading.client.get(f"/api/reports/{name}.html", params=CASE),
            reading.client.get("/api/groups", params={**CASE, "run": name}),
        ):
            assert answer.status_code in (200, 400, 404, 422)
            if answer.status_code == 200:
                # The client itself made a shorter address of it, one that is there.
                assert "cases" in answer.json() or answer.headers["content-type"] == "text/html"

    @pytest.mark.parametrize(
        "path", ["/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "/assets/../../app.py", "/%00"]
    )
    def test_no_file_outside_of_the_bundle(self, reading, path):
        answer = reading.client.get(f"{ORIGIN}{path}")
        assert "make_app" not in answer.text

    def test_no_case_is_made_outside(self, room):
        for name in PATHS:
            room.post("/api/cases", {"case": name}, 400)
        assert sorted(path.name for path in room.folder.iterdir()) == ["empty", "planted"]

    def test_no_directive_is_written_outside(self, room):
        for name in ("../../x", "a/b", "", "a\0"):
            room.post("/api/directives", {"name": name, "record": {}}, 422, params=CASE)

    def test_a_link_is_no_case(self, room, tmp_path):
        (room.folder / "linked").symlink_to(room.folder / "planted")
        room.get("/api/runs", 404, case="linked")


class TestUploads:
    def send(self, room, content, name, status):
        headers = {"x-claqueur-csrf": room.csrf}
        answer = room.client.post(
            "/api/uploads", params={**CASE, "name": name}, content=content, headers=headers
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    @pytest.mark.parametrize(
        "name", ["../../evil.csv", "/etc/cron.d/x", "a/b.csv", "a\\b.csv", "..", ".hidden", "a\nb"]
    )
    def test_names_of_other_places(self, room, name):
        self.send(room, b"a,b\n1,2\n", name, 400)
        assert not list((room.folder / "planted" / "room").glob("uploads/*"))

    def test_empty(self, room):
        self.send(room, b"", "empty.csv", 400)

    def test_too_large(self, folder):
        with opened(folder, upload_at_most=1000) as client:
            room = signed_in(client, folder)
            self.send(room, b"x" * 1001, "large.csv", 413)

            def pieces():
                yield from [b"x" * 300] * 4

            self.send(room, pieces(), "unannounced.csv", 413)
            assert room.get("/api/data", **CASE)["uploads"] == []

    def test_what_was_cut_off_is_thrown_away(self, room):
        left = room.folder / "planted" / "room" / "uploads" / ("0" * 32)
        (left / "file").mkdir(parents=True)
        (left / "file" / "half.csv").write_bytes(b"x")
        for path in (left / "file" / "half.csv", left / "file", left):
            os.utime(path, (0, 0))
        self.send(room, b"a,b\n1,2\n", "new.csv", 201)
        assert not left.exists()

    @pytest.mark.parametrize(
        "content",
        [b"\0\1\2\3" * 100, b"PAR1" + b"x" * 50, b"\x1f\x8bxxxx", b"<html>x</html>", b"{" * 9000,
         b"account_id,object_id\n" + b'"' * 5000, b"PK\3\4zip", b"\xff\xfe\0"],
    )  # fmt: skip
    def test_malformed(self, room, content):
        found = self.send(room, content, "odd.csv", 201)
        look = room.post(f"/api/uploads/{found['id']}/preview", {"reading": {}}, params=CASE)
        assert look["trouble"]
        assert str(room.folder) not in look["trouble"]

    def test_nobody_is_in_a_preview(self, room):
        table = "user,post_id,info,time\n7001234567,wall7001234567_1,mail 7001234567,2020-01-01\n"
        found = self.send(room, table.encode(), "people.csv", 201)
        look = room.post(f"/api/uploads/{found['id']}/preview", {"reading": {}}, params=CASE)
        assert "7001234567" not in json.dumps(look)
        assert look["mapping"]["account_id"] == "user"
        assert re.fullmatch(r"\w{5}-\w{5}", look["rows"][0][0])

    def test_a_roster_is_refused(self, room):
        table = "user_id,должность,post_id\n1,учитель,wall-1_1\n2,учитель,wall-1_1\n"
        found = self.send(room, table.encode(), "staff.csv", 201)
        look = room.post(f"/api/uploads/{found['id']}/preview", {"reading": {}}, params=CASE)
        assert "staff" in look["trouble"]


class TestBodies:
    @pytest.mark.parametrize(
        ("content", "kind", "status"),
        [
            (b"{", "application/json", 422),
            (b"[" * 100_000, "application/json", 422),
            (b"{}", "text/plain", 422),
            (b"keys=1", "application/x-www-form-urlencoded", 422),
            (b"[]", "application/json", 422),
            (b" " * (5 << 20), "application/json", 413),
        ],
    )
    def test_of_a_wrong_shape(self, reading, content, kind, status):
        headers = {"x-claqueur-csrf": reading.csrf, "content-type": kind}
        answer = reading.client.post(
            "/api/review/undo", params=CASE, content=content, headers=headers
        )
        assert answer.status_code == status

    def test_parameters_given_twice_or_unknown(self, reading):
        assert reading.client.get("/api/runs?case=planted&case=empty").status_code == 422
        assert reading.client.get("/api/runs?case=planted&page=-1").status_code == 422


class TestData:
    def test_a_script_stays_text(self, reading):
        for case in (
            reading.client.get("/api/cases"),
            reading.client.get("/api/groups/1/comments", params=CASE),
        ):
            assert case.headers["content-type"] == "application/json"
        assert SCRIPT in json.dumps(reading.get("/api/cases"))

    def test_downloads_are_never_pages_of_ours(self, room):
        path = room.folder / "planted" / "report"
        path.mkdir()
        name = room.get("/api/runs", **CASE)["runs"][0]["run"]
        (path / f"{name}.html").write_text(SCRIPT)
        answer = room.client.get(f"/api/reports/{name}.html", params=CASE)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["content-security-policy"] == "sandbox"


def everything(room: Room) -> str:
    """All that can be read of every run, as one text."""
    texts = [room.client.get("/api/directives", params=CASE).text]
    for run in room.get("/api/runs", **CASE)["runs"]:
        of = {**CASE, "run": run["run"]}
        for group in room.get("/api/groups", **of)["rows"]:
            at = f"/api/groups/{group['group']}"
            texts += [
                room.client.get(f"{at}{part}", params=of).text
                for part in ("", "/members", "/objects", "/matrix", "/timeline", "/comments",
                             "/evidence", "/templates", "/coverage")
            ]  # fmt: skip
            texts.append(room.client.get(f"/api/network{at[4:]}", params=of).text)
        texts += [
            room.client.get(path, params={**of, **more}).text
            for path, more in (
                ("/api/network", {}), ("/api/network/graph", {}), ("/api/review", {}),
                ("/api/network.gexf", {"network": 1}), (f"/api/runs/{run['run']}", {}),
            )
            if path != f"/api/runs/{run['run']}"
        ]  # fmt: skip
    return "".join(texts)


class TestIdentities:
    IDS = re.compile(r"7000000\d\d")

    def test_are_nowhere_by_default(self, reading):
        assert not self.IDS.search(everything(reading))

    def test_are_shown_deliberately_and_that_is_logged(self, room):
        room.post("/api/session/identities", {"shown": True}, 403, params=CASE)
        body = {"shown": True, "reason": "to write to the platform"}
        assert room.post("/api/session/identities", body, params=CASE)["identities"]
        assert self.IDS.search(everything(room))
        last = custody.entries(room.folder / "planted", custody.SHOWN)[-1].facts
        assert (last["user"], last["reason"]) == ("Anna", "to write to the platform")
        room.post("/api/session/identities", {"shown": False}, params=CASE)
        assert not self.IDS.search(everything(room))

    def test_of_one_case_are_not_those_of_another(self, room):
        room.post("/api/session/identities", {"shown": True, "reason": "because"},
                  params={"case": "empty"})  # fmt: skip
        assert not self.IDS.search(everything(room))

    def test_no_account_can_be_looked_up(self, reading):
        """No parameter takes an account or a page, by whatever name."""
        description = reading.get("/api/openapi.json")
        names = {
            parameter["name"]
            for path in description["paths"].values()
            for operation in path.values()
            for parameter in operation["parameters"]
        }
        assert names == {
            "case", "run", "runs", "group", "job", "upload", "directive", "package", "language",
            "item", "offset", "limit", "sort", "layer", "pattern", "verdict", "objects", "template",
            "member", "object", "from_ms", "to_ms", "weekday", "hour", "network", "max_edges",
            "name", "key", "x-claqueur-csrf",
        }  # fmt: skip
        for name in ("account", "account_id", "page", "owner_id", "q", "search"):
            reading.get("/api/groups/1/evidence", 422, **CASE, **{name: "700000001"})
            reading.get("/api/groups", 422, **CASE, **{name: "-1"})
        reading.get("/api/groups/1/evidence", 422, **CASE, member="700000001x")
        found = reading.get("/api/groups/1/evidence", **CASE, member=700000001)
        assert found["rows"] == []


@pytest.fixture(scope="module")
def newsroom_file(tmp_path_factory) -> Path:
    """Users with one role each; their passwords take a while to hash."""
    path = tmp_path_factory.mktemp("users") / "users.json"
    for name, role in (("Anna", "analyst"), ("Rita", "reviewer"), ("Leo", "reader")):
        add_user(path, name, role, f"password of {name}")
    return path


class TestUsers:
    @pytest.fixture
    def newsroom(self, folder, newsroom_file, tmp_path):
        path = shutil.copy(newsroom_file, tmp_path / "users.json")
        self.now = [0.0]
        keeper = Doorkeeper(path, clock=lambda: self.now[0])
        with opened(folder, Sessions("nobody", keeper)) as client:
            yield client, folder, path

    def enter(self, client, folder, name, password=None) -> Room:
        client.cookies.clear()
        answer = client.post(
            "/api/session", json={"name": name, "password": password or f"password of {name}"},
            headers={"x-claqueur-csrf": "login"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return Room(client, folder, answer.json()["csrf"])

    def test_the_file_holds_no_password_and_is_its_owner_s(self, newsroom):
        _, _, path = newsroom
        assert "password of" not in path.read_text()
        assert path.stat().st_mode & 0o077 == 0
        assert read_users(path)["Anna"]["password"].startswith("$argon2id$")

    def test_a_reader_reads_and_no_more(self, newsroom):
        room = self.enter(*newsroom[:2], "Leo")
        assert room.get("/api/groups", **CASE)["rows"]
        for method, path, body in (
            ("POST", "/api/runs", {}),
            ("POST", "/api/cases", {"case": "x"}),
            ("POST", "/api/publish", {}),
            ("POST", "/api/review/decisions", {"keys": ["1"], "verdict": "accepted", "note": "x"}),
            ("POST", "/api/review/sample", {}),
            ("PUT", "/api/directives/minutes", {"record": {}}),
            ("POST", "/api/session/identities", {"shown": True, "reason": "curious"}),
        ):
            room.send(method, path, body, 403, **({} if path == "/api/cases" else {"params": CASE}))
        assert not TestIdentities.IDS.search(everything(room))
        assert custody.entries(room.folder / "planted", custody.SHOWN) == []
        room.get("/api/log", 403, **CASE)
        assert room.get("/api/directives/minutes", **CASE)["record"]["restricted"] is None

    def test_a_reviewer_reviews_and_does_not_run(self, newsroom):
        room = self.enter(*newsroom[:2], "Rita")
        body = {"keys": ["1"], "verdict": "doubtful", "note": "a choir?"}
        found = room.post("/api/review/decisions", body, params=CASE)
        assert found["findings"][0]["user"] == "Rita"
        room.post("/api/runs", {}, 403, params=CASE)
        room.post("/api/imports", {"uploads": ["0" * 32]}, 403, params=CASE)
        room.send("PATCH", "/api/session", {"user": "Anna"}, 403)

    def test_who_is_taken_out_is_out(self, newsroom):
        client, folder, path = newsroom
        room = self.enter(client, folder, "Rita")
        users = json.loads(path.read_text())
        del users["users"]["Rita"]
        path.write_text(json.dumps(users))
        room.get("/api/cases", 401)

    def test_guessing_is_slowed_down(self, newsroom):
        client, folder, _ = newsroom
        headers = {"x-claqueur-csrf": "login"}
        guess = {"name": "Anna", "password": "wrong"}
        answers = [client.post("/api/session", json=guess, headers=headers) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        unknown = client.post("/api/session", json={**guess, "name": "x"}, headers=headers)
        assert unknown.json() == answers[0].json()
        self.now[0] = 1000.0
        self.enter(client, folder, "Anna")

    def test_the_start_s_token_opens_nothing(self, newsroom):
        client, _, _ = newsroom
        client.get("/", params={"token": client.app.state.server.sessions.token})
        assert client.get("/api/cases").status_code == 401


def test_many_at_once_are_all_answered(reading):
    def ask(_: int) -> int:
        return reading.client.get("/api/groups", params=CASE).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(32))) == {200}
