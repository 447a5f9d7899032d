"""Collecting: the very likes there are, resumed wherever it stopped, as evidence that holds."""

import json
import random

import httpx
import polars as pl
import pytest
from tests.vk_collecting import (
    TOKEN,
    Notes,
    World,
    everything_in,
    new_case,
    tables,
)

from claqueur.collect.vk import Collection, Token, collect_vk, plan_vk
from claqueur.collect.vk import collection as collecting
from claqueur.collect.vk.patience import Patience
from claqueur.collect.vk.schedule import DAY_MS, Schedule
from claqueur.collect.vk.state import Post
from claqueur.errors import CaseError, RunError, SettingError
from claqueur.evidence_store import Evidence, EvidenceWriter
from claqueur.evidence_tables import bring_in, rebuild
from claqueur.verify import verify_case
from claqueur.vkserver import Hide

USER, SERVICE = Token(TOKEN), Token("service-MARKER")


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A world, and a case into which it was collected without disturbance."""
    world = World().at(1.2)
    case = new_case(tmp_path_factory.mktemp("undisturbed"))
    summary = collect_vk(case, USER, world.wanted, world.how())
    return world, case, summary


def likes_of(world, case):
    """Every like the world had while it was collected, and the one collected for it."""
    posts = world.data.posts.filter(
        pl.col("owner_id").cast(pl.Int64).is_in(world.owners)
        & pl.col("created").is_between(*[s // 1000 for s in _period(world)], closed="left")
    )
    given = world.data.acts.filter(pl.col("action") == "like").join(
        posts.select("object_id"), on="object_id"
    )
    return given.with_columns(pl.col("account_id").cast(pl.String))


def _period(world):
    schedule = world.wanted.schedule("")
    return schedule.since_ms, schedule.until_ms


class TestWhatIsCollected:
    def test_exactly_the_likes_there_are_each_within_its_interval(self, collected):
        world, case, _ = collected
        end = world.clock.moment
        truth = likes_of(world, case).filter(pl.col("time") <= end)
        assert truth.height > 1500
        found = tables(case)["events"].filter(pl.col("action") == "like")
        assert found["object_id"].str.starts_with("wall-").all()
        both = truth.join(found, on=["account_id", "object_id"], how="full", coalesce=True)
        assert both["time"].null_count() == 0, "nobody who did not like"
        missed = both.filter(pl.col("time_max").is_null())
        assert (missed["gone"] < end).all(), "only likes taken back before they could be seen"
        seen = both.drop_nulls("time_max")
        at = pl.col("time") * 1000
        low, high = (pl.col(name).dt.epoch("ms") for name in ("time_min", "time_max"))
        # Those that were there at the first reading of all have no lower bound but the post.
        assert seen.select(((low < at) | (low <= at)) & (at <= high)).to_series().all()
        assert seen.select((high - low).median()).item() <= 2 * 3_600_000

    def test_posts_comments_reposts_and_counters(self, collected):
        world, case, _ = collected
        begin, end = (moment // 1000 for moment in _period(world))
        posts = world.data.posts.filter(
            pl.col("owner_id").cast(pl.Int64).is_in(world.owners),
            pl.col("created").is_between(begin, end, closed="left"),
        )
        got = tables(case)
        assert set(got["objects"]["object_id"]) >= set(posts["object_id"])
        for action in ("comment", "repost"):
            truth = world.data.acts.filter(
                pl.col("action") == action, pl.col("time") <= world.clock.moment,
                pl.col("gone") > world.clock.moment,
            ).join(posts.select("object_id"), on="object_id")  # fmt: skip
            found = got["events"].filter(
                pl.col("action") == action, pl.col("object_id").is_in(posts["object_id"].implode())
            )
            assert set(found["content_id"]) == set(truth["content_id"]), action
            times = dict(zip(truth["content_id"], truth["time"], strict=True))
            exact = zip(found["content_id"], found["time_min"].dt.epoch("s"), strict=True)
            assert all(times[content] == second for content, second in exact)
        followers = got["counters"].filter(pl.col("counter") == "followers")
        assert followers["owner_id"].n_unique() == len(world.owners)

    def test_every_event_names_an_answer(self, collected):
        _, case, _ = collected
        events = tables(case)["events"]
        assert events["source"].null_count() == 0
        found = verify_case(case)
        assert found.sound, found.faults
        assert found.answers > 100
        assert found.remarks == []

    def test_rebuilt_from_evidence_alone(self, collected):
        _, case, _ = collected
        before = tables(case)
        imported = case.imports()
        rebuild(case)
        after = tables(case)
        for name in before:
            assert before[name].equals(after[name]), name
        assert len(imported) == len(case.imports()) == 1
        assert bring_in(case) is None, "nothing new"

    def test_old_posts_are_read_less_often(self, collected):
        _, case, _ = collected
        polls = tables(case)["polls"].filter(pl.col("action") == "like")
        born = tables(case)["objects"].group_by("object_id").agg(pl.col("created").min())
        aged = polls.join(born, on="object_id").with_columns(
            days=(pl.col("poll_ms") - pl.col("created").dt.epoch("ms")) // DAY_MS
        )
        each = aged.group_by("days").agg(
            pl.len() / pl.col("object_id").n_unique()
        ).sort("days")["len"].to_list()  # fmt: skip
        assert each[0] > each[1] > each[2]
        # Twelve polls a day, six in the second, three in the third and fourth.
        assert each[0] <= 13
        assert each[1] <= 7

    def test_one_collector_at_a_time(self, collected):
        world, case, _ = collected
        with EvidenceWriter(case.folder / "evidence"):
            with pytest.raises(CaseError, match="another collector"):
                collect_vk(case, USER, world.wanted, world.how())


class _StoppedError(BaseException):
    """As Ctrl-C is, and a kill as far as this process can see."""


def stopping(how, at, rng):
    """A transport that ends the collector at a request: before it, or after its answer."""
    inner, count = how["transport"], [0]

    def handle(request: httpx.Request) -> httpx.Response:
        count[0] += 1
        if count[0] == at and rng.random() < 0.5:
            raise _StoppedError
        response = inner.handle_request(request)
        if count[0] == at:
            raise _StoppedError
        return response

    return httpx.MockTransport(handle)


class TestStopAndResume:
    @pytest.mark.parametrize("token", [USER, SERVICE], ids=["user", "service"])
    def test_stopped_twenty_times_it_ends_the_same(self, tmp_path, monkeypatch, token):
        """At random requests and at random writes, brought in at some stops and not at others."""
        pages, days = (4, 4) if token is USER else (2, 3)
        calm, case = World(pages, days).at(1.2), new_case(tmp_path, "calm")
        collect_vk(case, token, calm.wanted, calm.how())
        whole = tables(case)

        rng = random.Random(7)
        world, again = World(pages, days).at(1.2), new_case(tmp_path, "disturbed")
        total = sum(1 for _ in Evidence(case.folder / "evidence").entries())
        stops = 0
        append = EvidenceWriter._enter
        while True:
            at, of_writes = rng.randint(1, max(total // 16, 2)), rng.random() < 0.4
            how = {"transport": world.how().transport}
            writes = [0]

            def enter(self, kind, time_ms, at=at, of_writes=of_writes, writes=writes, stops=stops,
                      **facts):  # fmt: skip
                writes[0] += 1
                if of_writes and writes[0] == at and stops < 20:
                    # The answer is in its pack, and its line is cut.
                    self._index.write(b'{"n":17,"kind":"ans')
                    raise _StoppedError
                return append(self, kind, time_ms, **facts)

            monkeypatch.setattr(EvidenceWriter, "_enter", enter)
            if stops < 20 and not of_writes:
                how["transport"] = stopping(how, at, rng)
            try:
                collect_vk(again, token, world.wanted, world.how(**how))
                break
            except _StoppedError:
                stops += 1
                if rng.random() < 0.3:
                    bring_in(again)
                if rng.random() < 0.3:
                    (again.folder / "evidence" / "checkpoint.json").unlink(missing_ok=True)
        assert stops == 20
        ended = tables(again)
        for name in ("events", "objects", "counters", "polls"):
            # Which calls share a request, and so an answer, depends on where it was stopped.
            assert (
                whole[name]
                .drop("source", strict=False)
                .equals(ended[name].drop("source", strict=False))
            ), name
        found = verify_case(again)
        assert found.sound, found.faults
        rebuild(again)
        for name, table in tables(again).items():
            assert ended[name].equals(table), name

    def test_at_most_one_request_is_repeated_at_a_stop(self, tmp_path):
        calm, case = World(3, 3).at(1.2), new_case(tmp_path, "calm")
        requests = collect_vk(case, USER, calm.wanted, calm.how()).counts.requests
        world, again = World(3, 3).at(1.2), new_case(tmp_path, "stopped")
        stopped = stopping({"transport": world.how().transport}, requests // 2, random.Random(1))
        with pytest.raises(_StoppedError):
            collect_vk(again, USER, world.wanted, world.how(transport=stopped))
        second = collect_vk(again, USER, world.wanted, world.how()).counts.requests
        # A restart asks for the pages again, and may ask for one batch and the walls.
        assert second <= requests - requests // 2 + 4

    def test_nothing_said_it_goes_on_with_what_was_collected(self, tmp_path, collected):
        world = World().at(1.2)
        case = new_case(tmp_path)
        stopped = stopping({"transport": world.how().transport}, 30, random.Random(1))
        with pytest.raises(_StoppedError):
            collect_vk(case, USER, world.wanted, world.how(transport=stopped))
        collect_vk(case, USER, None, world.how())
        _, undisturbed, _ = collected
        assert tables(case)["events"].equals(tables(undisturbed)["events"])

    def test_a_gap_is_written_down(self, tmp_path):
        world, case, notes = World(3, 4).at(1.2), new_case(tmp_path), Notes()
        stopped = stopping({"transport": world.how().transport}, 60, random.Random(1))
        with pytest.raises(_StoppedError):
            collect_vk(case, USER, world.wanted, world.how(transport=stopped))
        world.clock.advance(20 * 3600)
        collect_vk(case, USER, world.wanted, world.how(), progress=notes)
        assert any("nothing was read for 2" in note for note in notes.notes)
        assert [e.kind for e in Evidence(case.folder / "evidence").entries()].count("gap") == 1
        events = tables(case)["events"]
        assert (events["time_min"] <= events["time_max"]).all()

    def test_real_and_simulated_do_not_mix(self, tmp_path):
        world, case = World().at(6), new_case(tmp_path)
        collect_vk(case, USER, world.wanted, world.how(), once=True)
        with pytest.raises(SettingError, match="what is simulated does not go with what is real"):
            collect_vk(
                case, USER, world.wanted, world.how(base_url="https://api.vk.com", most=None)
            )


class TestOnce:
    def test_one_reading_of_everything(self, tmp_path):
        world, case = World().at(9), new_case(tmp_path)
        summary = collect_vk(case, USER, world.wanted, world.how(), once=True)
        polls = tables(case)["polls"]
        assert polls["object_id"].n_unique() == summary.posts == polls.height
        assert summary.plan.days == 0

    def test_cut_short_it_is_finished_and_not_begun_anew(self, tmp_path):
        world, case = World().at(9), new_case(tmp_path)
        stopped = stopping({"transport": world.how().transport}, 6, random.Random(1))
        with pytest.raises(_StoppedError):
            collect_vk(case, USER, world.wanted, world.how(transport=stopped), once=True)
        world.clock.advance(5000)
        collect_vk(case, USER, None, world.how(), once=True)
        polls = tables(case)["polls"]
        assert polls.height == polls["object_id"].n_unique()
        assert polls["poll_ms"].n_unique() == 2
        world.clock.advance(5000)
        collect_vk(case, USER, None, world.how(), once=True)
        assert tables(case)["polls"].height == 2 * polls.height

    def test_the_share_of_a_day_is_waited_for(self, tmp_path):
        """A whole reading goes on the next day, and likes do not come out as nothing."""
        world = World(daily_caps={"likes.getList": 20}).at(9)
        case, notes = new_case(tmp_path), Notes()
        summary = collect_vk(case, USER, world.wanted, world.how(), once=True, progress=notes)
        assert tables(case)["polls"]["object_id"].n_unique() == summary.posts
        assert tables(case)["polls"]["poll_ms"].n_unique() == -(-summary.posts // 20)
        assert any("VK's share for today is used up" in note for note in notes.notes)

    def test_members(self, tmp_path):
        world, case = World().at(9), new_case(tmp_path)
        wanted = Collection(**{**vars(world.wanted), "members": True})
        collect_vk(case, USER, wanted, world.how(), once=True)
        follows = tables(case)["events"].filter(pl.col("action") == "follow")
        truth = world.data.follows.filter(pl.col("owner_id").cast(pl.Int64).is_in(world.owners))
        assert follows.height == truth.height


class TestNotVisible:
    def test_is_recorded_as_such_and_never_as_zero(self, tmp_path):
        world = World()
        closed, members = world.owners[0], world.owners[1]
        hide = Hide(
            page=frozenset({closed}), members=frozenset({members}), comments=0.3, deleted=0.2
        )
        world = World(hide=hide).at(9)
        wanted = Collection(**{**vars(world.wanted), "members": True})
        case, notes = new_case(tmp_path), Notes()
        summary = collect_vk(case, USER, wanted, world.how(), once=True, progress=notes)
        said = "; ".join(summary.not_visible)
        for kind in ("comments of a post", "2 × list of members", "1 × wall"):
            assert kind in said
        assert any("is closed" in note for note in notes.notes)
        noted = json.dumps(case.imports()[-1]["noted"])
        assert "not visible in wall.get (error 15" in noted
        assert "not visible in wall.getComments (error 212" in noted
        counters = tables(case)["counters"]
        assert str(closed) not in counters.filter(pl.col("object_id").is_not_null())["owner_id"]

    def test_a_page_that_does_not_exist(self, tmp_path):
        world, case = World().at(9), new_case(tmp_path)
        wanted = Collection(("club1001", "no_such_page"), "2019-01-25", "2019-01-27")
        with pytest.raises(SettingError, match="--page no_such_page: there is no such page") as e:
            collect_vk(case, USER, wanted, world.how(), once=True)
        assert e.value.exit_code == 2

    @pytest.mark.parametrize("code", [100, 125])
    @pytest.mark.parametrize("token", [USER, SERVICE], ids=["user", "service"])
    def test_vk_may_also_answer_such_a_name_with_an_error(self, tmp_path, code, token):
        world, case = World().at(9), new_case(tmp_path)
        inner = world.how().transport
        error = {"error_code": code, "error_msg": "group_ids is invalid"}

        def handle(request: httpx.Request) -> httpx.Response:
            if b"no_such_page" not in request.content:
                return inner.handle_request(request)
            if request.url.path.endswith("execute"):
                inside = {"method": "groups.getById", **error}
                body = {"response": [False], "execute_errors": [inside]}
                return httpx.Response(200, json=body)
            return httpx.Response(200, json={"error": error})

        wanted = Collection(("no_such_page",), "2019-01-25", "2019-01-27")
        how = world.how(transport=httpx.MockTransport(handle))
        with pytest.raises(SettingError, match="there is no such page"):
            collect_vk(case, token, wanted, how, once=True)

    @pytest.mark.parametrize(
        ("token", "says"), [("group-token", "a service or a user token"), ("expired", "expired")]
    )
    def test_wrong_tokens(self, tmp_path, token, says):
        world, case = World().at(9), new_case(tmp_path)
        how = world.how()
        if token == "expired":
            answer = {"error": {"error_code": 5, "error_msg": "User authorization failed"}}
            how = world.how(
                transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
            )
        with pytest.raises(SettingError, match=says):
            collect_vk(case, Token(token), world.wanted, how, once=True)
        assert verify_case(case).sound


class TestWanted:
    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"pages": ()}, "name at least one with --page"),
            ({"since": ""}, "--since"),
            ({"since": "1.2.2019"}, "is no day"),
            ({"until": "2018-01-01"}, "is before --since"),
            ({"poll": "5s"}, "a minute is the shortest"),
            ({"poll": "soon"}, "soon"),
            ({"pages": ("id5",)}, "is a person"),
        ],
    )
    def test_what_cannot_be(self, tmp_path, changes, says):
        world, case = World(), new_case(tmp_path)
        wanted = Collection(**{**vars(world.wanted), **changes})
        with pytest.raises(SettingError, match=says):
            collect_vk(case, USER, wanted, world.how())

    def test_days_are_those_of_the_zone(self):
        schedule = Collection(("club1",), "2019-02-01", "2019-02-01").schedule("Asia/Krasnoyarsk")
        assert schedule.until_ms - schedule.since_ms == DAY_MS
        assert schedule.since_ms == 1_548_954_000_000

    def test_the_rule_of_pauses(self):
        schedule = Schedule(0, 100 * DAY_MS, 1_800_000)
        polls = [schedule.pause_ms(int(days * DAY_MS)) // 1_800_000 for days in
                 (0, 0.99, 1, 1.9, 2, 3.9, 4, 7, 8, 15, 16, 40)]  # fmt: skip
        assert polls == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32]
        post = Post(-1, 5, 0, read={"likes": 10 * DAY_MS})
        late = 10 * DAY_MS + 17 * 1_800_000
        assert schedule.due(post, late), "after a gap it is not waited for the grid"

    def test_walls_are_read_as_deep_as_posts_are_due(self):
        schedule = Schedule(0, 100 * DAY_MS, 1_800_000)
        now = 50 * DAY_MS + 1_800_000  # an odd poll: only posts of the last day are due
        posts = [
            Post(-1, n, now - n * DAY_MS // 4, read={"likes": now - 1_800_000}) for n in range(90)
        ]
        assert schedule.wall_depth(posts, now) == 4 + 10
        assert schedule.wall_depth(posts, 51 * DAY_MS) == 100
        assert schedule.wall_depth([], now) == 10

    def test_many_new_posts_at_once_are_all_found(self, tmp_path):
        """More than the beginning of a wall shows: what lies between is looked for."""
        world, case = World(40, 9).at(2), new_case(tmp_path)
        stopped = stopping({"transport": world.how().transport}, 12, random.Random(1))
        with pytest.raises(_StoppedError):
            collect_vk(case, USER, world.wanted, world.how(transport=stopped))
        world.at(8.5)
        collect_vk(case, USER, world.wanted, world.how())
        begin, end = (moment // 1000 for moment in _period(world))
        posts = world.data.posts.filter(pl.col("created").is_between(begin, end, closed="left"))
        assert posts.height > 400
        assert set(posts["object_id"]) <= set(tables(case)["objects"]["object_id"])

    def test_the_plan_keeps_nothing(self, tmp_path):
        world, case = World().at(4), new_case(tmp_path)
        plan = plan_vk(case, USER, world.wanted, world.how(most=3))
        assert not (case.folder / "evidence").exists()
        assert plan.pages == 5
        assert plan.posts_now > 10
        text = "\n".join(plan.lines())
        for words in ("5 pages", "requests", "minutes at 3 a second", "days to go"):
            assert words in text

    def test_a_plan_that_does_not_fit_says_so(self, tmp_path):
        world, case = World(40, 9).at(8), new_case(tmp_path)
        wanted = Collection(**{**vars(world.wanted), "poll": "1m"})
        plan = plan_vk(case, SERVICE, wanted, world.how(most=3))
        text = "\n".join(plan.lines())
        assert "longer than one poll" in text
        assert "VK allows 5,000 calls of wall.get a day" in text


class TestEvidenceOfACase:
    @pytest.fixture
    def small(self, tmp_path):
        world, case = World(2, 3).at(4), new_case(tmp_path)
        collect_vk(case, USER, world.wanted, world.how(), once=True)
        return world, case

    def test_the_token_is_in_no_byte(self, tmp_path):
        world, case, notes = World(2, 3).at(4), new_case(tmp_path), Notes()
        inner = world.how().transport

        def echo(request: httpx.Request) -> httpx.Response:
            """A server that repeats the token, as an error might."""
            response = inner.handle_request(request)
            body = json.loads(response.content)
            return httpx.Response(200, json={**body, "token": TOKEN}, headers=response.headers)

        how = world.how(transport=httpx.MockTransport(echo))
        collect_vk(case, USER, world.wanted, how, once=True, progress=notes)
        held = everything_in(case.folder)
        assert b"MARKER0token" not in held
        assert b"[token]" in held
        assert "MARKER0token" not in "".join(notes.notes)

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            (b'"status":200', b'"status":201', "record .* was altered"),
            (b'"time_ms":1', b'"time_ms":2', "record .* was altered"),
        ],
    )
    def test_altered_records_are_named(self, small, old, new, says):
        _, case = small
        index = case.folder / "evidence" / "index.ndjson"
        index.write_bytes(index.read_bytes().replace(old, new, 1))
        found = verify_case(case)
        assert not found.sound
        assert pl.Series(found.faults).str.contains(says).any()

    def test_a_record_taken_out_is_noticed(self, small):
        _, case = small
        index = case.folder / "evidence" / "index.ndjson"
        lines = index.read_bytes().splitlines(keepends=True)
        index.write_bytes(b"".join(lines[:3] + lines[4:]))
        assert any("records before it are missing" in fault for fault in verify_case(case).faults)

    def test_the_end_taken_off_is_noticed(self, small):
        _, case = small
        index = case.folder / "evidence" / "index.ndjson"
        lines = index.read_bytes().splitlines(keepends=True)
        index.write_bytes(b"".join(lines[:-4]))
        faults = verify_case(case).faults
        assert any("the last ones were removed" in fault for fault in faults)
        assert any("which is not in the evidence" in fault for fault in faults)

    def test_a_chain_written_anew_is_noticed(self, small):
        _, case = small
        folder = case.folder / "evidence"
        entries = list(Evidence(folder).entries())
        bodies = {e.number: Evidence(folder).body(e) for e in entries if e.kind == "answer"}
        forged = case.folder / "forged"
        from claqueur.evidence_store import Received

        with EvidenceWriter(forged) as writer:
            for entry in entries:
                facts = entry.facts
                if entry.kind == "answer":
                    writer.append(Received(facts["method"], facts["params"], entry.time_ms + 1,
                                           200, {}, bodies[entry.number]))  # fmt: skip
                else:
                    writer.note(entry.kind, entry.time_ms)
        folder.rename(case.folder / "old")
        forged.rename(folder)
        assert any("not what it was when tables" in fault for fault in verify_case(case).faults)

    def test_altered_or_missing_answers_are_named(self, small):
        _, case = small
        (pack,) = (case.folder / "evidence" / "packs").iterdir()
        raw = bytearray(pack.read_bytes())
        raw[len(raw) // 2] ^= 255
        pack.write_bytes(raw)
        assert len(verify_case(case).faults) == 1
        pack.unlink()
        assert len(verify_case(case).faults) > 3

    def test_files_beside_evidence_cannot_be_rebuilt(self, small, csv):
        from claqueur.pipeline import add

        _, case = small
        add(case, [csv("account_id,object_id,timestamp\n1,wall-1_1,1549000000\n")])
        with pytest.raises(CaseError, match=r"tables from files \(events\.csv\)"):
            rebuild(case)
        assert verify_case(case).sound

    def test_in_small_parts_it_is_the_same(self, small, monkeypatch):
        _, case = small
        before = tables(case)
        monkeypatch.setattr("claqueur.evidence_tables.ROWS_AT_ONCE", 100)
        rebuild(case)
        for name, table in tables(case).items():
            assert before[name].equals(table), name


class TestTrouble:
    def test_a_network_gone_for_an_hour_in_the_middle(self, tmp_path, collected):
        world, case = World().at(1.2), new_case(tmp_path)
        how = world.how(patience=Patience())
        inner, count = how.transport, [0]

        def handle(request: httpx.Request) -> httpx.Response:
            count[0] += 1
            if 40 < count[0] < 55:
                raise httpx.ConnectError("gone", request=request)
            return inner.handle_request(request)

        collect_vk(case, USER, world.wanted, world.how(transport=httpx.MockTransport(handle),
                                                       patience=Patience()))  # fmt: skip
        _, undisturbed, _ = collected
        assert tables(case)["events"].equals(tables(undisturbed)["events"])

    def test_given_up_it_goes_on_later(self, tmp_path):
        world, case = World(2, 3).at(4), new_case(tmp_path)
        inner, count = world.how().transport, [0]

        def handle(request: httpx.Request) -> httpx.Response:
            count[0] += 1
            if count[0] > 2:
                raise httpx.ConnectError("gone", request=request)
            return inner.handle_request(request)

        with pytest.raises(RunError, match="start the same command again"):
            collect_vk(case, USER, world.wanted, world.how(transport=httpx.MockTransport(handle)),
                       once=True)  # fmt: skip
        kept = sum(1 for _ in Evidence(case.folder / "evidence").entries())
        assert kept >= 3
        collect_vk(case, USER, None, world.how(), once=True)
        assert verify_case(case).sound

    def test_tables_are_brought_in_meanwhile(self, tmp_path, monkeypatch):
        monkeypatch.setattr(collecting, "BRING_IN_EVERY_S", 0.0)
        world, case = World(3, 3).at(1.2), new_case(tmp_path)
        collect_vk(case, USER, world.wanted, world.how())
        before = tables(case)
        assert len(case.imports()) == 1
        rebuild(case)
        for name, table in tables(case).items():
            assert table.equals(before[name]), name

    def test_a_clock_set_back_makes_no_interval_upside_down(self, tmp_path):
        from claqueur.collect.vk.clock import WallClock

        world, case = World(2, 4).at(1.2), new_case(tmp_path)
        real = [0.0]
        off = [0.0]
        with EvidenceWriter(case.folder / "evidence"):
            pass
        steps = []

        def pause(seconds: float) -> None:
            real[0] += seconds
            world.clock.moment += int(seconds)
            if 40_000 < real[0] < 42_000:
                off[0] = -30_000.0

        clock = WallClock(
            0, steps.append, wall=lambda: world.clock.moment + off[0], monotonic=lambda: real[0],
            pause=pause,
        )  # fmt: skip
        monkey = world.how(use_clock=clock)
        collect_vk(case, USER, world.wanted, monkey)
        assert len(steps) == 1
        assert steps[0] < -29_000_000
        events = tables(case)["events"].filter(pl.col("action") == "like")
        assert (events["time_min"] <= events["time_max"]).all()
        times = [e.time_ms for e in Evidence(case.folder / "evidence").entries()]
        assert times == sorted(times)


def test_evidence_of_twenty_thousand_records_opens_again(tmp_path):
    from tests.unit.test_evidence_store import received

    with EvidenceWriter(tmp_path) as writer:
        for number in range(20_000):
            writer.append(received(number, b"%d" % (number % 97)))
    with EvidenceWriter(tmp_path) as writer:
        assert writer.count == 20_000
