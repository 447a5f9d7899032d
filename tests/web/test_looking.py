"""What can be looked at: cases, runs, groups, pictures, the network, answers."""

import xml.etree.ElementTree as ET

import pytest
from polars.testing import assert_frame_equal

from claqueur.results import Result

CASE = {"case": "planted"}


def runs(room) -> list[str]:
    """The run with thresholds, then the calibrated one."""
    return [run["run"] for run in room.get("/api/runs", **CASE)["runs"]]


@pytest.fixture
def by_hand(reading) -> dict[str, str]:
    return {**CASE, "run": runs(reading)[0]}


@pytest.fixture
def calibrated(reading) -> dict[str, str]:
    return {**CASE, "run": runs(reading)[1]}


def test_cases(reading):
    found = reading.get("/api/cases")
    assert [case["case"] for case in found["cases"]] == ["empty", "planted"]
    planted = found["cases"][1]
    assert (planted["runs"], planted["imports"], planted["events"]) == (2, 1, True)
    assert reading.get("/api/cases/planted")["next"] == "review"
    assert reading.get("/api/cases/empty")["next"] == "data"
    reading.get("/api/runs", 404)


def test_a_case_alone(kept):
    from tests.web.conftest import opened, signed_in

    with opened(kept / "planted") as client:
        room = signed_in(client, kept / "planted")
        found = room.get("/api/cases")
        assert [case["case"] for case in found["cases"]] == ["planted"]
        assert not found["may_create"]
        room.post("/api/cases", {"case": "other"}, 409)
        assert len(room.get("/api/runs")["runs"]) == 2


def test_runs_side_by_side(reading):
    newest, oldest = runs(reading)
    listed = reading.get("/api/runs", **CASE)["runs"]
    assert [run["calibrated"] for run in listed] == [False, True]
    assert all(run["current"] and not run["problem"] for run in listed)
    assert listed[0]["settings"] == {"detect": {"window": ["120s"], "min_objects": 5}}
    side = reading.get("/api/runs/compare", runs=f"{oldest},{newest}", **CASE)
    window = next(row for row in side["settings"] if row["name"] == "window")
    assert (window["values"], window["same"]) == ([[], ["120s"]], False)
    assert next(row for row in side["results"] if row["name"] == "members")["values"] == [9, 12]
    (other,) = side["overlap"][0]["others"]
    assert (other["run"], other["common"], other["jaccard"]) == (newest, 9, 0.75)
    reading.get("/api/runs/compare", 400, runs=newest, **CASE)


def test_a_run(reading, by_hand):
    found = reading.get(f"/api/runs/{by_hand['run']}", **CASE)
    assert [each["name"] for each in found["networks"]] == [
        "comment within 2m", "like within 2m",
    ]  # fmt: skip
    assert any("no error rate" in line for line in found["lines"])
    assert found["inputs"][0]["file"] == "events.csv"


def test_settings_are_described(reading):
    sections = {each["name"]: each for each in reading.get("/api/settings", **CASE)["sections"]}
    assert list(sections) == ["detect", "groups", "targets", "texts"]
    fields = {each["name"]: each for each in sections["detect"]["fields"]}
    assert fields["min_objects"]["type"] == "integer"
    assert fields["min_objects"]["nullable"]
    assert fields["layer"]["choices"] == ["co_action", "co_engagement", "co_text"]
    assert all(each["help"] for section in sections.values() for each in section["fields"])


class TestGroups:
    def test_in_order(self, reading, by_hand):
        found = reading.get("/api/groups", **by_hand)
        assert [row["group"] for row in found["rows"]] == [1, 2]
        assert found["rows"][1]["size"] == 12
        assert sum(found["rows"][1]["spark"]) == 12 * 9
        assert (found["layers"], found["patterns"]) == (["co_action"], ["sustained"])
        assert [g["group"] for g in reading.get("/api/groups", sort="objects", **by_hand)["rows"]
                ] == [2, 1]  # fmt: skip
        assert reading.get("/api/groups", pattern="one-off", **by_hand)["total"] == 0
        page = reading.get("/api/groups", offset=1, limit=1, **by_hand)
        assert (page["total"], [row["group"] for row in page["rows"]]) == (2, [2])

    def test_one(self, reading, by_hand):
        found = reading.get("/api/groups/2", **by_hand)
        assert (found["previous"], found["next"]) == (1, None)
        assert found["pictures"]
        assert found["alternatives"]
        reading.get("/api/groups/3", 404, **by_hand)

    def test_its_evidence_is_all_there_is(self, reading, kept, by_hand):
        result = Result.load(kept / "planted" / "runs" / by_hand["run"])
        rows = result.group_evidence(2)
        found = reading.get("/api/groups/2/evidence", limit=500, **by_hand)
        assert found["total"] == rows.height == len(found["rows"])
        one = [row for row in found["rows"] if row["member"] == 3]
        assert reading.get("/api/groups/2/evidence", member=3, **by_hand)["total"] == len(one)
        times = {row["time"] for row in one}
        assert len(times) == rows.group_by("account_id").len()["len"][0] - 1
        hours = reading.get("/api/groups/2/rhythm", **by_hand)["group"]
        for weekday, hour in ((7, 15), (1, 16)):
            of = reading.get("/api/groups/2/evidence", weekday=weekday, hour=hour, **by_hand)
            assert of["total"] == hours[weekday - 1][hour] > 0

    def test_matrix(self, reading, by_hand):
        found = reading.get("/api/groups/2/matrix", **by_hand)
        cells = found["cells"]
        assert set(cells["member"]) == set(range(12))
        assert set(cells["object"]) == set(range(9))
        assert len(found["accounts"]) == 12
        assert {len(cells[name]) for name in cells} == {12 * 9}
        few = reading.get("/api/groups/2/matrix", objects=2, **by_hand)
        assert len(few["objects"]) == 2

    def test_coverage_beside_organic_accounts(self, reading, by_hand):
        found = reading.get("/api/groups/2/coverage", **by_hand)
        assert sum(found["members"]) == sum(found["organic"]) == 12
        assert found["members"][-1] == 12
        assert sum(found["others"]) == 200
        assert sum(found["organic"][5:]) == 0

    def test_timeline(self, reading, by_hand):
        found = reading.get("/api/groups/2/timeline", **by_hand)
        assert sum(found["actions"]) == 12 * 9
        assert len(found["bins_ms"]) == len(found["members"])
        assert found["curves"][0]["group"][-1] == 12

    def test_small_ones_are_not_pictured(self, reading, calibrated):
        found = reading.get("/api/groups/1", **calibrated)
        assert (found["size"], found["pictures"]) == (9, False)
        assert "fewer than 10" in found["why"]
        for part in ("matrix", "timeline", "rhythm", "coverage"):
            picture = reading.get(f"/api/groups/1/{part}", **calibrated)
            assert not picture["available"]
            assert "fewer than 10" in picture["why"]
        assert found["certainty"] != "not stated"

    def test_walls_of_people_carry_no_id(self, reading, by_hand):
        ids = [row["id"] for row in reading.get("/api/groups/2/objects", **by_hand)["rows"]]
        (wall,) = [each for each in ids if "-1_" not in each]
        owners = {row["page"] for row in reading.get("/api/groups/2/objects", **by_hand)["rows"]}
        (owner,) = owners - {"-1"}
        assert wall == f"wall{owner}_5"
        assert "7000" not in wall


class TestNetwork:
    def test_groups_first(self, reading, by_hand):
        found = reading.get("/api/network", **by_hand)
        assert found["groups"]["group"] == [1, 2]
        assert found["groups"]["edges"] == [66, 66]
        assert found["links"]["accounts"] == [12]
        assert (found["nodes"], found["edges"]) == (24, 132)
        only = reading.get("/api/network", network=2, **by_hand)
        assert only["groups"]["group"] == [2]
        reading.get("/api/network", 400, network=9, **by_hand)

    def test_circles_do_not_overlap_and_members_lie_inside(self, reading, by_hand):
        meta = reading.get("/api/network", **by_hand)["groups"]
        (x0, x1), (y0, y1), (r0, r1) = meta["x"], meta["y"], meta["radius"]
        assert (x0 - x1) ** 2 + (y0 - y1) ** 2 >= (r0 + r1) ** 2
        own = reading.get("/api/network/groups/2", **by_hand)
        for x, y in zip(own["node"]["x"], own["node"]["y"], strict=True):
            assert (x - x1) ** 2 + (y - y1) ** 2 <= r1**2

    def test_everything_or_the_strongest(self, reading, by_hand):
        found = reading.get("/api/network/graph", **by_hand)
        assert (found["nodes"], found["shown_edges"]) == (24, 132)
        ends = [*found["edge"]["a"], *found["edge"]["b"]]
        assert set(ends) == set(range(24))
        few = reading.get("/api/network/graph", max_edges=5, **by_hand)
        assert (few["edges"], few["shown_edges"]) == (132, 5)
        assert min(few["edge"]["weight"]) == max(found["edge"]["weight"])

    def test_default_runs_show_who_met(self, reading, calibrated):
        found = reading.get("/api/network/groups/1", **calibrated)
        assert (found["nodes"], found["edges"]) == (9, 36)

    def test_gexf(self, reading, by_hand):
        answer = reading.client.get("/api/network.gexf", params={**by_hand, "network": 2})
        root = ET.fromstring(answer.text)
        nodes = root.findall(".//{*}node")
        assert len(nodes) == 12
        reading.get("/api/network.gexf", 400, **by_hand)


def test_layout_is_the_same_each_time(kept, by_hand, tmp_path):
    import shutil

    from claqueur.browse.index import index_of
    from claqueur.browse.network import network_of
    from claqueur.case import open_case

    case = open_case(shutil.copytree(kept / "planted", tmp_path / "planted"))
    run = case.folder / "runs" / by_hand["run"]
    first = network_of(index_of(case, run))
    shutil.rmtree(case.folder / "room")
    again = network_of(index_of(case, run))
    for name in ("nodes", "edges", "groups", "links"):
        assert_frame_equal(getattr(first, name), getattr(again, name))


def test_answers_on_directives(reading, by_hand):
    items = reading.get("/api/directives/results", **by_hand)["items"]
    assert [each["key"] for each in items] == ["minutes/1", "minutes/2", "minutes/3"]
    assert all(each["sentences"] for each in items)


class TestPages:
    """The bundle, as the server gives it."""

    @pytest.fixture
    def bundle(self, kept, tmp_path):
        from tests.web.conftest import opened

        (tmp_path / "static" / "assets").mkdir(parents=True)
        (tmp_path / "static" / "index.html").write_text("<!doctype html><title>Room</title>")
        (tmp_path / "static" / "assets" / "app-1234.js").write_text("export {}")
        (tmp_path / "secret.txt").write_text("secret")
        with opened(kept, static=tmp_path / "static") as client:
            yield client

    def test_deep_links_give_the_first_page(self, bundle):
        for path in ("/", "/case/planted/group/3", "/no/such.file"):
            answer = bundle.get(path)
            assert "Room" in answer.text
            assert answer.headers["cache-control"] == "no-cache"

    def test_hashed_files_are_kept_forever(self, bundle):
        answer = bundle.get("/assets/app-1234.js")
        assert "immutable" in answer.headers["cache-control"]
        assert "javascript" in answer.headers["content-type"]

    def test_nothing_beside_the_bundle(self, bundle):
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"):
            assert "secret" not in bundle.get(path).text

    def test_unknown_paths_of_the_api(self, bundle):
        assert bundle.get("/api/none").status_code == 404
        answer = bundle.delete("/api/cases")
        assert (answer.status_code, answer.json()["error"]["kind"]) == (405, "MethodNotAllowed")
