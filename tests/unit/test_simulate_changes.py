"""Scenarios on top of each other, and changes by dotted keys."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT

from claqueur.errors import SettingError
from claqueur.simulation import parse_change, scenarios, simulate
from claqueur.simulation.population import ROLES
from claqueur.simulation.reading import read_scenario
from claqueur.simulation.scenario import Scenario
from claqueur.simulation.scenario_observer import ObserverSettings


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("order.participation_mean=0.3", ("order.participation_mean", 0.3)),
        (" span.days = 20 ", ("span.days", 20)),
        ("order.first_day=2019-02-08", ("order.first_day", date(2019, 2, 8))),
        ("order.workdays=[0, 1]", ("order.workdays", [0, 1])),
        ('observer.list_keeps="first"', ("observer.list_keeps", "first")),
        ("observer={poll_minutes=60}", ("observer", {"poll_minutes": 60})),
        ("order=off", ("order", None)),
    ],
)
def test_parse_change(text: str, change: tuple[str, Any]) -> None:
    assert parse_change(text) == change


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("order", "sets nothing; write it as"),
        ("=3", "sets nothing"),
        ("order..x=3", "sets nothing"),
        ("observer.list_keeps=first", "is no TOML value.*in quotes"),
        ("span.days=", "is no TOML value"),
        ("span.days=1\nx=2", "is no TOML value"),
    ],
)
def test_no_change(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        parse_change(text)


def test_changes_are_made_and_the_rest_stays() -> None:
    changes = {"order.participation_mean": 0.3, "appeal": None, "pages.0.popularity": 9.0}
    name, scenario = read_scenario("krasnoyarsk-2019", changes)
    _, plain = read_scenario("krasnoyarsk-2019")
    assert name == "krasnoyarsk-2019"
    assert scenario.order
    assert plain.order
    assert scenario.order.participation_mean == 0.3
    assert scenario.order.first_day == plain.order.first_day
    assert scenario.appeal is None
    assert scenario.pages[0].popularity == 9
    assert scenario.pages[1:] == plain.pages[1:]


def test_a_table_may_be_given_whole_or_left_out_twice() -> None:
    changes = {"observer": {"closed_share": 0.5}, "giveaways": None, "order.own_time": None}
    _, scenario = read_scenario("krasnoyarsk-2019", changes)
    assert scenario.observer
    assert scenario.observer.closed_share == 0.5


EDGE_CASES = ("nobody-followed", "one-day-order", "subscribe-order", "wrong-date", "wrong-page")
EDGE_CASES += ("handed-out-praise",)


@pytest.mark.parametrize("name", scenarios())
def test_every_shipped_scenario_is_complete(name: str) -> None:
    _, scenario = read_scenario(name)
    assert scenario.description == scenarios()[name]
    nobody = {"activist-network", "nobody-followed", "organic", "public-appeal", "subscribe-order"}
    assert bool(scenario.order) == (name not in nobody)


def test_a_scenario_says_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'base = "krasnoyarsk-2019"\noff = ["appeal", "shares"]\ndescription = "x"\n'
        "[order]\nstaff_per_institution = 3\n"
    )
    name, mine = read_scenario(path)
    _, below = read_scenario("krasnoyarsk-2019")
    assert name == "mine"
    assert mine.appeal is None
    assert mine.shares is None
    assert mine.order
    assert below.order
    assert mine.order.staff_per_institution == 3
    assert mine.order.head_compliance == below.order.head_compliance
    assert mine.pages == below.pages


def test_a_base_may_be_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('base = "organic"\ndescription = "a"\n[span]\ndays = 9\n')
    (tmp_path / "b.toml").write_text('base = "a.toml"\ndescription = "b"\n')
    _, scenario = read_scenario(tmp_path / "b.toml")
    assert (scenario.description, scenario.span.days) == ("b", 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('base = "atlantis"', "no scenario is called 'atlantis'"),
        ('base = "none.toml"', "cannot be read"),
        ('base = "bad.toml"', "built on this scenario itself"),
        ("base = 3", "base is the name of a scenario"),
        ('off = ["fans"]', "base is the name of a scenario"),
        ('base = "organic"\noff = ["fens"]', "unknown key fens"),
        ('base = "organic"\n[order]\nchosen = 1', "order: unknown key chosen"),
        ('base = "organic"\n[order]\nchosen_share = 1', "order.first_day: "),
    ],
)
def test_an_unusable_base(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(SettingError, match=message):
        simulate(path)


def test_every_scenario_table_role_and_limit_is_documented() -> None:
    text = (ROOT / "docs" / "simulation.md").read_text(encoding="utf-8")
    tables = {field.name for field in fields(Scenario)} - {"description", "topics", "span"}
    keys = {field.name for field in fields(ObserverSettings)}
    for name in tables | keys | set(ROLES):
        assert f"`{name}`" in text, name
    for name in scenarios():
        assert f"### {name}\n" in text
        # What differs in the directive, within a day or in words shows in no picture of three days.
        if name not in EDGE_CASES:
            assert f"img/scenario-{name}.svg" in text
