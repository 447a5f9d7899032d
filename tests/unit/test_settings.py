"""Durations, and settings from tables: what is refused, and that the message says what to do."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claqueur import memory
from claqueur.errors import SettingError
from claqueur.settings import (
    UNIT_MS,
    CoAction,
    Compat,
    Grouping,
    Reading,
    Scale,
    duration_ms,
    duration_text,
    from_mapping,
    public_master,
    to_mapping,
)

DAY = UNIT_MS["d"]
TIMED = {"window": ["60s"], "min_objects": 5}


class TestDurations:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [("60s", 60_000), ("500ms", 500), ("1ms", 1), ("10m", 600_000), ("1h", 3_600_000),
         ("1d", 86_400_000), ("1.5h", 5_400_000), ("0.5s", 500), (" 60 s ", 60_000),
         ("3650d", 3650 * DAY), (timedelta(seconds=60), 60_000), (timedelta(milliseconds=1), 1),
         (timedelta(days=1, hours=1), 90_000_000)],
    )  # fmt: skip
    def test_ways_to_write_them(self, text, expected):
        assert duration_ms(text) == expected

    @pytest.mark.parametrize(
        "text",
        ["", "60", "s", "60 sec", "60S", "1e3s", ".5s", "1,5h", "1h30m", "+60s", "60s;", "m5"],
    )
    def test_without_a_number_and_a_unit(self, text):
        with pytest.raises(SettingError, match=r"--window .*needs a number and a unit.*60s"):
            duration_ms(text)

    @pytest.mark.parametrize("text", ["0s", "-1s", "-0.5h", "0.0ms", "0.4ms", timedelta(0)])
    def test_not_above_zero(self, text):
        with pytest.raises(SettingError, match="at least 1ms"):
            duration_ms(text)

    @pytest.mark.parametrize("text", ["3651d", "99999999d", timedelta(days=4000), timedelta.max])
    def test_longer_than_ten_years(self, text):
        with pytest.raises(SettingError, match="longer than ten years"):
            duration_ms(text)

    def test_absurdly_long(self):
        with pytest.raises(SettingError, match="longer than ten years"):
            duration_ms("9" * 400 + "d")

    def test_the_message_names_the_flag(self):
        with pytest.raises(SettingError, match="--fast 5"):
            duration_ms("5", "fast")

    @given(st.integers(1, 3650 * DAY))
    def test_written_and_read_again(self, value):
        assert duration_ms(duration_text(value)) == value

    @given(st.integers(1, 1000), st.sampled_from(list(UNIT_MS)))
    def test_no_shorter_way_to_write_one(self, count, unit):
        text = f"{count}{unit}"
        assert len(duration_text(duration_ms(text))) <= len(text)

    @pytest.mark.parametrize(
        ("value", "text"),
        [(90_000, "90s"), (3_600_000, "1h"), (60_000, "1m"), (DAY, "1d"), (1500, "1500ms"),
         (1, "1ms")],
    )  # fmt: skip
    def test_text(self, value, text):
        assert duration_text(value) == text


class TestCoAction:
    def test_neither_is_the_calibrated_default(self):
        assert CoAction().calibrated
        assert CoAction(action=("like",), across_actions=True).calibrated
        assert not CoAction(("60s",), 2).calibrated
        assert CoAction().windows_ms == ()

    @pytest.mark.parametrize(
        ("given", "missing", "there"),
        [
            ({"window": ("60s",)}, "--min-objects", "--window"),
            ({"min_objects": 5}, "--window", "--min-objects"),
        ],
    )
    def test_one_without_the_other_is_refused_and_the_missing_one_named(
        self, given, missing, there
    ):
        for cls in (CoAction, Compat):
            with pytest.raises(SettingError) as caught:
                cls(**given)
            begin, _, advice = str(caught.value).partition(":")
            assert begin.startswith(f"missing {missing}")
            assert there not in begin
            assert "give both" in advice
            assert "or neither" in advice
            assert "calibrated default" in advice

    @pytest.mark.parametrize("least", [0, -1])
    def test_at_least_one_object(self, least):
        with pytest.raises(SettingError, match=f"--min-objects {least}: must be at least 1"):
            CoAction(("60s",), least)

    def test_windows_rise_and_stand_once(self):
        assert CoAction(("10m", "60s", "1m"), 2).windows_ms == (60_000, 600_000)


class TestCompat:
    @pytest.mark.parametrize("given", [{}, {"loops": True}, {"action": ("like",)}])
    def test_needs_both(self, given):
        with pytest.raises(SettingError, match="--compat needs --window and --min-objects"):
            Compat(**given)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"window": ("60s", "10m")}, "takes one --window"),
            ({"subgraph": 4}, "--subgraph 4: must be 1, 2 or 3"),
            ({"subgraph": 2}, "needs --fast"),
            ({"subgraph": 2, "fast": "60s"}, "narrower than --window"),
            ({"subgraph": 2, "fast": "10"}, "--fast 10: a duration needs"),
            ({"edge_weight": 1.01}, "from 0 to 1"),
            ({"edge_weight": -0.1}, "from 0 to 1"),
        ],
    )
    def test_refused(self, given, message):
        with pytest.raises(SettingError, match=message):
            Compat(**({"window": ("60s",), "min_objects": 2} | given))


class TestOthers:
    def test_grouping(self):
        with pytest.raises(SettingError, match="--resolution 0"):
            Grouping(resolution=0)
        with pytest.raises(SettingError, match="--seed -1: must be at least 0"):
            Grouping(seed=-1)

    def test_reading(self):
        with pytest.raises(SettingError, match="--time-unit h: use s, ms, us or ns"):
            Reading(time_unit="h")
        wanted = {"account_id": "author", "object_id": "a=b", "timestamp": "when"}
        assert Reading(map=("account_id=author, object_id=a=b", "timestamp=when")).column_map == (
            wanted
        )

    @pytest.mark.parametrize("entry", ["account_id", "account_id=", "=author"])
    def test_half_a_map(self, entry):
        with pytest.raises(SettingError, match="write it as account_id=author"):
            Reading(map=(entry,))


class TestFromMapping:
    def test_there_and_back(self):
        for settings in (
            CoAction(("60s", "10m"), 5, ("like",), True),
            CoAction(),
            Compat(("60s",), 5, loops=True),
            Grouping(0.5, 7),
            Reading(map=("account_id=a",), timezone="UTC"),
        ):
            plain = to_mapping(settings)
            assert all(not isinstance(value, tuple) for value in plain.values())
            assert from_mapping(type(settings), plain, "here") == settings

    def test_unknown_names_are_refused_and_known_ones_listed(self):
        with pytest.raises(SettingError) as caught:
            from_mapping(CoAction, {**TIMED, "windows": 1, "colour": 2}, "case.toml [detect]")
        assert str(caught.value) == (
            "case.toml [detect]: unknown setting colour, windows; "
            "known are window, min_objects, action, across_actions, layer"
        )

    @pytest.mark.parametrize(
        ("cls", "values", "name"),
        [
            (CoAction, {**TIMED, "window": "60s"}, "window"),
            (CoAction, {**TIMED, "window": [60]}, "window.0"),
            (CoAction, {**TIMED, "min_objects": "many"}, "min_objects"),
            (CoAction, {**TIMED, "min_objects": 2.5}, "min_objects"),
            (CoAction, {**TIMED, "across_actions": "perhaps"}, "across_actions"),
            (Grouping, {"resolution": "high"}, "resolution"),
            (Grouping, {"seed": [1]}, "seed"),
            (Reading, {"timezone": 3}, "timezone"),
            (Reading, {"map": {"account_id": "author"}}, "map"),
        ],
    )
    def test_wrong_types_are_refused(self, cls, values, name):
        with pytest.raises(SettingError) as caught:
            from_mapping(cls, values, "here")
        assert str(caught.value).startswith(f"here: {name} = ")
        assert "\n" not in str(caught.value)

    def test_values_out_of_range_are_refused(self):
        with pytest.raises(SettingError, match="at least 1"):
            from_mapping(CoAction, {**TIMED, "min_objects": 0}, "here")
        with pytest.raises(SettingError, match="needs a number and a unit"):
            from_mapping(CoAction, {**TIMED, "window": ["60"]}, "here")


class TestScale:
    @pytest.mark.parametrize(
        ("text", "size"),
        [
            ("8GB", 8 * 10**9),
            ("512 mb", 512 * 10**6),
            ("1.5GiB", 3 * 2**29),
            ("64MiB", 2**26),
            ("2000KB", 2_000_000),
            ("1TB", 10**12),
        ],
    )
    def test_sizes(self, text, size):
        assert Scale(memory=text).memory_bytes == size

    @pytest.mark.parametrize("text", ["8", "GB", "-1GB", "8 gigabytes", "1e9B", "9" * 400 + "GB"])
    def test_sizes_without_a_number_or_a_unit_are_refused(self, text):
        with pytest.raises(SettingError, match="needs a number and a unit, for example 8GB"):
            Scale(memory=text)

    def test_sizes_that_hold_nothing_are_refused(self):
        with pytest.raises(SettingError, match="--memory 10KB: must be at least 1MB"):
            Scale(memory="10KB")

    def test_half_of_the_machine_when_nothing_is_said(self):
        assert Scale().memory_bytes == memory.machine_bytes() // 2

    @pytest.mark.parametrize(("limit", "size"), [("1000000000\n", 10**9), ("max\n", None)])
    def test_a_container_has_what_it_is_given(self, limit, size, tmp_path, monkeypatch):
        (tmp_path / "memory.max").write_text(limit)
        monkeypatch.setattr(memory, "_LIMITS", ())
        whole = memory.machine_bytes()
        monkeypatch.setattr(memory, "_LIMITS", (tmp_path / "memory.max", tmp_path / "none"))
        assert memory.machine_bytes() == (size or whole)

    def test_engines(self):
        with pytest.raises(SettingError, match="--engine flink: use local or spark"):
            Scale(engine="flink")
        with pytest.raises(SettingError, match=r"--master yarn: goes with --engine spark"):
            Scale(master="yarn")

    @pytest.mark.parametrize(
        ("master", "shown"),
        [
            ("local[2]", "local[2]"),
            ("spark://head:7077,other:7077", "spark://head:7077,other:7077"),
            ("spark://user:secret@head:7077", "spark://head:7077"),
            ("sc://head:15002/;token=secret;user_id=me", "sc://head:15002/"),
            ("k8s://https://head:443?token=secret", "k8s://https://head:443"),
        ],
    )
    def test_nothing_secret_of_a_master_is_shown(self, master, shown):
        assert public_master(master) == shown
