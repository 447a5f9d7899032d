"""Every chart draws planted groups, and shows nobody who must not be shown."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from claqueur.directive.population import PARTICIPATION
from claqueur.errors import SettingError
from claqueur.groups.features import FEATURES, UNITS
from claqueur.pipeline import detect
from claqueur.publish.charts import SUFFIXES, charts, draw, save_chart, spec_of
from claqueur.publish.charts.labels import duration_words
from claqueur.publish.charts.look import INTERNAL
from claqueur.publish.charts.masks import object_names, shortened
from claqueur.publish.charts.order import bubble_places, seriated
from claqueur.publish.privacy import Pseudonyms
from claqueur.results import Result

KEY = Pseudonyms(b"k" * 32)
MEMBERS = [str(900_000_000 + number) for number in range(12)]
SMALL = [str(800_000_000 + number) for number in range(3)]
HOSTILE = "</script><img src=x onerror=alert(1)>"
OBJECTS = [
    *(f"wall-1001_{number}" for number in range(6)),
    HOSTILE,
    MEMBERS[0],
    f"wall{MEMBERS[1]}_7",
]


def rows() -> Iterator[tuple[str, str, int]]:
    """One group of twelve on nine objects over days, one of three, and a crowd."""
    for place, name in enumerate(OBJECTS):
        at = 1_550_000_000 + place * 50_000
        yield from ((member, name, at + 3 * i) for i, member in enumerate(MEMBERS))
        yield from ((str(700_000_000 + place * 50 + i), name, at + 900 * i) for i in range(1, 20))
    for place in range(4):
        at = 1_550_300_000 + 600 * place
        yield from ((member, f"wall-1002_{place}", at + i) for i, member in enumerate(SMALL))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    path = tmp_path_factory.mktemp("planted") / "events.csv"
    table = pl.DataFrame(
        list(rows()), schema=["account_id", "object_id", "timestamp"], orient="row"
    )
    table.write_csv(path)
    found = detect(path, window="60s", min_objects=3, timezone="Europe/Moscow")
    # Only the default gives features; groups found by thresholds are drawn like them.
    found.others["features"] = features()
    found.others["participation"] = participation()
    found.run["targets"] = {"tested": 90, **dict.fromkeys(
        ("p_values_by_twentieth", "pseudo_p_values_by_twentieth"), [0.05] * 20
    )}  # fmt: skip
    return found


def participation() -> pl.DataFrame:
    """The curve of a few declared targets; what nine or fewer did is not in it."""
    columns = {"targets": [0, 1, 2, 3], "observed": [90, 40, 12, None],
               "expected": [90.0, 41.0, 5.0, 0.2], "low": [90.0, 36.0, 2.0, 0.0],
               "high": [90.0, 46.0, 9.0, 1.0]}  # fmt: skip
    return pl.DataFrame(columns, schema=PARTICIPATION)


def features() -> pl.DataFrame:
    """Rhythm and participation of the first group, as the default would give them."""
    values = {"members_low": 0.4, "members_median": 0.6, "members_high": 0.9,
              "others_low": 0.0, "others_median": 0.1, "others_high": 0.3,
              "others": 180}  # fmt: skip
    rows = [
        {"group_id": 1, "feature": name, "unit": unit, **values} for name, unit in UNITS.items()
    ]
    return pl.DataFrame(rows, schema=FEATURES)


def test_features_belong_to_the_default(result: Result) -> None:
    without = replace(result, others={})
    with pytest.raises(SettingError, match="only the default gives them"):
        draw(without, "features", 1, KEY)


def pictures(result: Result) -> Iterator[tuple[str, int | None]]:
    for name, chart in charts().items():
        yield from [(name, None)] * chart.overall
        yield from [(name, 1)] * chart.per_group


def test_the_planted_groups_are_there(result: Result) -> None:
    assert result.groups["size"].to_list() == [12, 3]


def test_every_chart_gives_a_spec_and_pictures(result: Result, tmp_path: Path) -> None:
    names = {name for name, _ in pictures(result)}
    assert names == {
        "cumulative", "delays", "features", "matrix", "network", "participation", "rhythm",
        "sizes", "timeline", "weights",
    }  # fmt: skip
    for name, group_id in pictures(result):
        chart = draw(result, name, group_id, KEY)
        save_chart(chart, tmp_path / "a.png")
        save_chart(chart, tmp_path / "a.svg")
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG"), name
        assert "<svg" in (tmp_path / "a.svg").read_text(encoding="utf-8"), name


def test_specs_hold_no_account_and_say_internal(result: Result) -> None:
    for name, group_id in pictures(result):
        text = json.dumps(spec_of(draw(result, name, group_id, KEY)))
        assert not [account for account in MEMBERS + SMALL if account in text], name
        assert INTERNAL in text, name


def test_specs_name_members_by_pseudonym(result: Result) -> None:
    text = json.dumps(spec_of(draw(result, "matrix", 1, KEY)))
    assert all(KEY.of(member) in text for member in MEMBERS)


def test_the_same_run_gives_the_same_spec(result: Result) -> None:
    for name, group_id in pictures(result):
        one, other = (spec_of(draw(result, name, group_id, KEY)) for _ in range(2))
        assert one == other, name


@pytest.mark.parametrize("name", ["matrix", "timeline", "rhythm", "cumulative"])
def test_a_small_group_gets_no_picture(result: Result, name: str) -> None:
    with pytest.raises(SettingError, match="fewer than 10"):
        draw(result, name, 2, KEY)


@pytest.mark.parametrize(
    ("name", "group_id", "says"),
    [
        ("pie", None, "there are cumulative"),
        ("matrix", None, "say which"),
        ("matrix", 99, "numbered 1 to 2"),
        ("network", 1, "the whole run"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    result: Result, name: str, group_id: int | None, says: str
) -> None:
    with pytest.raises(SettingError, match=says):
        draw(result, name, group_id, KEY)


def test_charts_without_groups_say_why(result: Result) -> None:
    empty = Result(
        **{name: getattr(result, name).clear() for name in (
            "pairs", "accounts", "groups", "evidence", "activity", "rhythm", "curves")},
        run=result.run,
    )  # fmt: skip
    for name, chart in charts().items():
        if chart.overall:
            with pytest.raises(SettingError, match="no picture"):
                draw(empty, name, None, KEY)


def test_an_unknown_ending_names_the_known_ones(result: Result, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=", ".join(SUFFIXES)):
        save_chart(draw(result, "sizes", None, KEY), tmp_path / "a.gif")


def test_a_page_of_a_chart_needs_nothing_else(result: Result, tmp_path: Path) -> None:
    save_chart(draw(result, "matrix", 1, KEY), tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "src=" not in page.split("<script")[0]
    assert "cdn." not in page
    assert HOSTILE not in page


def test_accounts_inside_object_ids_are_masked(result: Result) -> None:
    ids = [MEMBERS[0], f"wall{MEMBERS[1]}_7", f"https://x.example/{MEMBERS[2]}/1", "wall-1001_3"]
    ids += [f"wall-{MEMBERS[3]}_9", "#spring"]
    shown = object_names(result, pl.Series(ids), KEY.of_all).to_list()
    one, two, three = (KEY.of(member) for member in MEMBERS[:3])
    assert shown[:4] == [one, f"wall{two}_7", f"https://x.example/{three}/1", "wall-1001_3"]
    # A page may have the number of an account; it is another thing.
    assert shown[4:] == [f"wall-{MEMBERS[3]}_9", "#spring"]


def test_long_ids_keep_both_ends() -> None:
    short = shortened(pl.Series("x", ["a" * 30 + "b" * 30, "wall-1_1", None]), 21)
    assert short.to_list() == ["aaaaaaaaaa…bbbbbbbbbb", "wall-1_1", None]


def test_similar_rows_stand_side_by_side_and_full_ones_first() -> None:
    grid = pl.DataFrame([[0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 0], [0, 0, 0]], orient="row")
    order = seriated(grid.to_numpy() > 0)
    assert sorted(order) == list(range(5))
    assert abs(order.index(1) - order.index(3)) == 1
    assert order[-1] == 4


def test_bubbles_do_not_overlap() -> None:
    radii = pl.Series([40.0, 30, 20, 20, 10, 5]).to_numpy()
    places = bubble_places(radii, [(0, 1, 3.0), (1, 2, 1.0)], 2.0)
    for one in range(6):
        for other in range(one):
            gap = ((places[one] - places[other]) ** 2).sum() ** 0.5
            assert gap > radii[one] + radii[other]


def test_durations_in_words() -> None:
    assert duration_words(60_000) == "1 minute"
    assert duration_words(90_000) == "90 seconds"
    assert duration_words(500) == "500 milliseconds"
