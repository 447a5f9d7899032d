"""Asking VK: what is asked at all, how each error is met, and that the token shows nowhere."""

import json
import logging
import pickle
import traceback

import httpx
import pytest
from tests.vk_collecting import TOKEN, Kept, Notes, SimulatedTime, client_of, fault

from claqueur.collect.vk.calls import READ_ONLY, Call, calls_of, code_of
from claqueur.collect.vk.client import VkClient
from claqueur.collect.vk.clock import ServerClock, WallClock
from claqueur.collect.vk.faults import HIDDEN, OURS, STOP
from claqueur.collect.vk.pages import page_name
from claqueur.collect.vk.patience import Patience
from claqueur.collect.vk.token import Token, find_token
from claqueur.errors import RunError, SettingError
from claqueur.vkserver import SettableClock

LIKES = Call("likes.getList", {"type": "post", "owner_id": -1, "item_id": 5}, "0/likes")
WALL = Call("wall.get", {"owner_id": -1}, "1/wall")
FINE = {"response": {"count": 1, "items": [7]}}


def time_of_tests() -> SimulatedTime:
    return SimulatedTime(SettableClock(1_549_000_000))


def one(client: VkClient, call: Call = LIKES):
    (replies,) = client.ask([call])
    (reply,) = replies
    return reply


def after(*answers: object):
    """One answer after the other, the last one again and again."""
    left = list(answers)
    return lambda _method, _params: left.pop(0) if len(left) > 1 else left[0]


class TestWhatIsAsked:
    @pytest.mark.parametrize(
        "method", ["wall.post", "likes.add", "execute", "users.get", "Wall.get", "messages.send"]
    )
    def test_anything_but_reading_is_refused_before_a_request(self, method):
        with pytest.raises(RunError, match=r"only read.*nothing was sent"):
            Call(method, {})
        assert all("get" in name for name in READ_ONLY)

    def test_form_body_version_and_no_token_in_the_address(self):
        seen = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, json=FINE)

        clock = time_of_tests()
        transport = httpx.MockTransport(answer)
        client = VkClient(Token(TOKEN), Kept(), kind="service", clock=clock, transport=transport)
        assert one(client).response == FINE["response"]
        (request,) = seen
        assert request.method == "POST"
        assert str(request.url) == "https://api.vk.com/method/likes.getList"
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert b"v=5.199" in request.content
        assert TOKEN not in str(request.url) + str(request.headers)

    def test_many_calls_go_into_one_request_and_their_errors_to_the_right_call(self):
        calls = [Call("likes.getList", {"item_id": n, "owner_id": -1}) for n in range(40)]
        sizes = []

        def answer(method, params):
            assert method == "execute"
            asked = calls_of(params["code"])
            sizes.append(len(asked))
            hidden = [int(each["item_id"]) % 10 == 3 for _, each in asked]
            errors = [
                {"method": "likes.getList", "error_code": 15, "error_msg": "closed"}
                for gone in hidden if gone
            ]  # fmt: skip
            response = [
                False if gone else {"count": int(each["item_id"]), "items": []}
                for gone, (_, each) in zip(hidden, asked, strict=True)
            ]
            return {"response": response, "execute_errors": errors}

        replies = [r for some in client_of(answer, kind="user").ask(calls) for r in some]
        assert sizes == [25, 15]
        assert [reply.call for reply in replies] == calls
        for number, reply in enumerate(replies):
            if number % 10 == 3:
                assert reply.fault
                assert (reply.fault.code, reply.response) == (15, None)
            else:
                assert reply.response["count"] == number

    def test_code_can_be_read_back(self):
        odd = Call("groups.getById", {"group_ids": 'a"),API.x({"', "fields": "я"})
        assert calls_of(code_of([LIKES, odd])) == [
            (LIKES.method, LIKES.sent), (odd.method, odd.sent),
        ]  # fmt: skip

    def test_too_large_is_split(self):
        sizes = []

        def answer(_method, params):
            asked = calls_of(params["code"])
            sizes.append(len(asked))
            return fault(13) if len(asked) > 7 else {"response": [FINE["response"]] * len(asked)}

        calls = [Call("likes.getList", {"item_id": n, "owner_id": -1}) for n in range(25)]
        replies = [r for some in client_of(answer, kind="user").ask(calls) for r in some]
        assert [reply.call for reply in replies] == calls
        assert sizes == [25, 12, 6, 6, 13, 6, 7]

    def test_the_kind_of_a_token_is_found_out_with_what_is_asked_anyway(self):
        methods = []

        def service(method, _params):
            methods.append(method)
            return fault(28) if method == "execute" else FINE

        client = client_of(service)
        assert [r.response["count"] for some in client.ask([LIKES, WALL]) for r in some] == [1, 1]
        assert methods == ["execute", "likes.getList", "wall.get"]
        assert client.kind == "service"
        client = client_of(after({"response": [FINE["response"]]}))
        assert one(client).response["count"] == 1
        assert client.kind == "user"


class TestErrors:
    """Every code of VK's and every way in which an answer can fail to come."""

    @pytest.mark.parametrize("kind", ["user", "service"])
    @pytest.mark.parametrize("code", [6, 1, 10])
    def test_what_passes_is_waited_for(self, code, kind):
        fine = FINE if kind == "service" else {"response": [FINE["response"]]}
        clock, kept = time_of_tests(), Kept()
        client = client_of(after(fault(code), fault(code), fine), clock, kept, kind=kind)
        assert one(client).response["count"] == 1
        assert clock.real >= 1 + 2
        assert [each.problem for each in kept] == [code, code, None]

    def test_trouble_in_one_call_of_many_is_asked_again_by_itself(self):
        inner = {"method": "wall.get", "error_code": 10, "error_msg": "oops"}
        broken = {"response": [FINE["response"], False], "execute_errors": [inner]}
        client = client_of(lambda m, _: broken if m == "execute" else FINE, kind="user")
        (replies,) = client.ask([LIKES, WALL])
        assert [reply.fault for reply in replies] == [None, None]

    @pytest.mark.parametrize("code", [1, 10])
    def test_trouble_that_does_not_pass_is_no_count(self, code):
        reply = one(client_of(after(fault(code)), kind="service"))
        assert reply.response is None
        assert reply.fault
        assert reply.fault.code == code

    def test_too_fast_for_ever(self):
        with pytest.raises(RunError, match="used elsewhere at the same time"):
            one(client_of(after(fault(6)), kind="service"))

    @pytest.mark.parametrize("code", sorted(STOP))
    def test_stop_and_tell(self, code):
        with pytest.raises(RunError, match=rf"error {code} .*received until now is kept"):
            one(client_of(after(fault(code)), kind="service"))

    @pytest.mark.parametrize("code", sorted(HIDDEN))
    def test_not_visible_is_no_zero(self, code):
        reply = one(client_of(after(fault(code)), kind="service"))
        assert reply.response is None
        assert reply.fault
        assert reply.fault.hidden

    @pytest.mark.parametrize(
        ("code", "says"),
        [(5, "wrong, expired or was revoked"), (27, "a service or a user token"),
         (28, "take a user token")],
    )  # fmt: skip
    def test_wrong_token(self, code, says):
        with pytest.raises(SettingError, match=says) as caught:
            one(client_of(after(fault(code)), kind="service"))
        assert caught.value.exit_code == 2

    @pytest.mark.parametrize("code", sorted(OURS))
    def test_our_own_mistake(self, code):
        with pytest.raises(RunError, match="Claqueur asked wrongly; please report"):
            one(client_of(after(fault(code)), kind="service"))

    def test_a_code_nobody_knows(self):
        with pytest.raises(RunError, match=r"error 777 \(said so\)"):
            one(client_of(after(fault(777)), kind="user"))

    def test_the_share_of_a_day(self):
        """Nothing more is asked of that method today, and of others it is."""
        clock, methods = time_of_tests(), []

        def answer(method, _params):
            methods.append(method)
            return (
                fault(29) if method == "wall.get" and clock.world.moment < 1_549_100_000 else FINE
            )

        client = client_of(answer, clock, kind="service")
        replies = [r for some in client.ask([WALL, WALL, LIKES]) for r in some]
        assert sorted((r.fault.code if r.fault else 0) for r in replies) == [0, 29, 29]
        assert methods == ["wall.get", "likes.getList"]
        until = client.capped_until("wall.get")
        assert (until + 3 * 3_600_000) % 86_400_000 == 300_000, "five past midnight in Moscow"
        clock.wait_until(until)
        clock.world.moment = max(clock.world.moment, 1_549_100_000)
        assert one(client, WALL).response

    @pytest.mark.parametrize(
        "bad",
        [
            httpx.ConnectError("refused"), httpx.ReadTimeout("slow"),
            httpx.RemoteProtocolError("x"), httpx.Response(502, text="<h1>bad gateway</h1>"),
            httpx.Response(500), httpx.Response(429),
            httpx.Response(200, content=b'{"response": {"count": 1, "it'),
            httpx.Response(200, json=[1]), httpx.Response(200, json={"x": 1}),
        ],
        ids=repr,
    )  # fmt: skip
    def test_a_network_gone_for_an_hour(self, bad):
        clock, notes, kept = time_of_tests(), Notes(), Kept()
        client = client_of(
            lambda *_: bad if clock.real < 3600 else FINE, clock, kept, kind="service",
            progress=notes,
        )  # fmt: skip
        assert one(client).response["count"] == 1
        assert 3600 <= clock.real < 4000
        assert 5 < client.counts.requests < 30, "longer and longer apart"
        assert "asking again in 1 s, for up to 12 hours in all" in notes.notes[0]
        assert len(kept) == (1 if isinstance(bad, Exception) else client.counts.requests)

    def test_patience_ends(self):
        client = client_of(
            after(httpx.ConnectError("no route")), kind="service", patience=Patience(network_s=7200)
        )
        with pytest.raises(RunError, match=r"no usable answer for \d+ (minutes|hours).*kept"):
            one(client)

    def test_an_execute_answer_of_another_length_is_broken(self):
        whole = {"response": [FINE["response"]] * 2}
        client = client_of(after({"response": [FINE["response"]]}, whole), kind="user")
        (replies,) = client.ask([LIKES, WALL])
        assert len(replies) == 2

    def test_no_api_at_all(self):
        with pytest.raises(RunError, match="answered HTTP 404.*right address"):
            one(client_of(after(httpx.Response(404)), kind="service"))

    def test_retry_after_is_heeded(self):
        clock = time_of_tests()
        busy = httpx.Response(503, headers={"Retry-After": "77"})
        one(client_of(after(busy, FINE), clock, kind="service"))
        assert clock.real >= 77


class TestSettings:
    @pytest.mark.parametrize("url", ["http://vk.example", "ftp://x", "api.vk.com", "https://u@x"])
    def test_addresses(self, url):
        with pytest.raises(SettingError, match="--base-url"):
            client_of(after(FINE), base_url=url)

    @pytest.mark.parametrize(("kind", "rate"), [("user", 4), ("", 4), ("group", 21), ("user", 0)])
    def test_never_faster_than_vk_allows(self, kind, rate):
        with pytest.raises(SettingError, match="--rate"):
            client_of(after(FINE), kind=kind, most=rate)

    def test_slower_or_a_server_of_ones_own(self):
        assert client_of(after(FINE), most=1).rate == 1
        assert client_of(after(FINE), kind="group").rate == 20
        assert client_of(after(FINE), base_url="http://127.0.0.1:8123", most=0).rate == 0

    def test_kinds(self):
        with pytest.raises(SettingError, match="write user, service, group"):
            client_of(after(FINE), kind="admin")

    @pytest.mark.parametrize(
        ("text", "name"),
        [("club123", "123"), ("public45", "45"), ("-7", "7"), ("event9", "9"),
         ("Krsk.Og", "krsk.og"), ("https://vk.com/club123", "123"),
         ("vk.ru/some_page/", "some_page")],
    )  # fmt: skip
    def test_pages(self, text, name):
        assert page_name(text) == name

    @pytest.mark.parametrize("text", ["123", "id123", "https://vk.com/id5"])
    def test_a_person_is_no_page(self, text):
        with pytest.raises(SettingError, match="is a person"):
            page_name(text)

    @pytest.mark.parametrize("text", ["", "a b", "wall-1_2?x", "ж"])
    def test_neither_is_that(self, text):
        with pytest.raises(SettingError, match="is no page"):
            page_name(text)


class TestToken:
    def test_shows_nowhere(self, caplog):
        caplog.set_level(logging.DEBUG)
        shown = []
        kept, notes = Kept(), Notes()
        for answer in (
            FINE, fault(5, f"invalid {TOKEN}"), httpx.ConnectError("x"), httpx.Response(403),
            {"error": {"error_code": 15, "error_msg": "", "request_params": [{"value": TOKEN}]}},
        ):  # fmt: skip
            client = client_of(
                after(answer), None, kept, kind="service", progress=notes,
                patience=Patience(network_s=5),
            )  # fmt: skip
            try:
                shown.append(repr(one(client)))
            except Exception:
                shown.append(traceback.format_exc())
            shown.append(repr(client) + repr(vars(client)))
        shown += [repr(Token(TOKEN)), str(Token(TOKEN)), *notes.notes, caplog.text, repr(kept)]
        assert len(kept) >= 4
        assert all(TOKEN not in text for text in shown)
        with pytest.raises(TypeError, match="not to be written"):
            pickle.dumps(Token(TOKEN))

    def test_from_the_environment(self):
        assert find_token(None, {"CLAQUEUR_VK_TOKEN": f" {TOKEN}\n"}).reveal() == TOKEN
        with pytest.raises(SettingError, match="no token: set CLAQUEUR_VK_TOKEN"):
            find_token(None, {})

    def test_from_a_file_only_its_owner_reads(self, tmp_path):
        file = tmp_path / "token.txt"
        file.write_text(f"{TOKEN}\n")
        for mode in (0o644, 0o640, 0o604, 0o660):
            file.chmod(mode)
            with pytest.raises(SettingError, match=f"run: chmod 600 {file}") as caught:
                find_token(file)
            assert TOKEN not in str(caught.value)
        file.chmod(0o600)
        assert find_token(file).reveal() == TOKEN

    @pytest.mark.parametrize("text", ["", "two words", "vk1.a.x\ny", "тест", "a" * 2000])
    def test_what_is_none(self, tmp_path, text):
        file = tmp_path / "token.txt"
        file.write_text(text)
        file.chmod(0o600)
        with pytest.raises(SettingError, match="holds no token") as caught:
            find_token(file)
        assert not text or text not in str(caught.value)

    def test_no_such_file(self, tmp_path):
        with pytest.raises(SettingError, match="cannot be read"):
            find_token(tmp_path / "none")


class TestClocks:
    def test_set_back_time_goes_on(self):
        wall, mono, steps = [1000.0], [0.0], []
        clock = WallClock(
            0, steps.append, wall=lambda: wall[0], monotonic=lambda: mono[0], pause=lambda _: None
        )
        seen = [clock.now_ms()]
        for by, real in ((10, 10), (-3600, 1), (10, 10), (5, 5)):
            wall[0] += by
            mono[0] += real
            seen.append(clock.now_ms())
        assert seen == [1_000_000, 1_010_000, 1_011_000, 1_021_000, 1_026_000]
        assert steps == [-3_601_000]

    def test_set_forward_it_follows(self):
        wall, mono, steps = [1000.0], [0.0], []
        clock = WallClock(0, steps.append, wall=lambda: wall[0], monotonic=lambda: mono[0])
        wall[0] += 7200
        assert clock.now_ms() == 8_200_000
        assert steps == [7_200_000]

    def test_begins_no_earlier_than_what_is_written_down(self):
        steps = []
        clock = WallClock(2_000_000, steps.append, wall=lambda: 1000.0, monotonic=lambda: 5.0)
        assert clock.now_ms() == 2_000_000
        assert steps == [-1_000_000]

    def test_a_server_s_time_only_of_a_simulated_world(self):
        clock = ServerClock()
        with pytest.raises(RunError, match="leave it out with VK itself"):
            clock.heard({"x-claqueur-time": "2019-02-01T00:00:00Z"})
        heard = {"x-claqueur-simulated": "all", "x-claqueur-time": "2019-02-01T00:00:00Z"}
        assert clock.heard(heard) == 1_548_979_200_000

    def test_a_server_s_pace(self):
        real = [0.0]

        def pause(seconds: float) -> None:
            real[0] += seconds

        clock = ServerClock(monotonic=lambda: real[0], pause=pause)
        heard = {"x-claqueur-simulated": "all", "x-claqueur-time": "1000000"}
        clock.heard(heard)
        real[0] += 1
        clock.heard({**heard, "x-claqueur-time": "1600000"})
        assert clock.now_ms() == 1_600_000
        clock.wait_until(1_600_000 + 3_600_000)
        assert 6 < real[0] - 1 < 6.2, "an hour at 600 seconds a second"


def test_evidence_says_what_was_asked_and_not_with_what():
    kept = Kept()
    body = b'{"response":{"count":0,"items":[]}}'
    headers = {"Date": "x", "X-Claqueur-Time": "1", "Set-Cookie": "secret", "Content-Type": "j"}
    one(client_of(after(httpx.Response(200, content=body, headers=headers)), None, kept,
                  kind="service"))  # fmt: skip
    (received,) = kept
    assert received.body == body
    assert received.headers == {"content-type": "j", "date": "x", "x-claqueur-time": "1"}
    assert received.params == {**LIKES.sent, "v": "5.199"}
    assert json.dumps(dict(received.params))
