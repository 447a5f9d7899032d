"""The one table of settings: every name, default, unit and help text.

A settings class is a frozen dataclass; its fields *are* the command-line flags, the keys
in ``case.toml`` and the entries in ``run.json``. This module imports nothing heavy, so
that ``claqueur --help`` stays quick.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from typing import Any, ClassVar, TypeVar

from claqueur.errors import SettingError
from claqueur.memory import bytes_of, machine_bytes

UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
LONGEST_MS = 3650 * UNIT_MS["d"]
LAYERS = ("co_action", "co_engagement", "co_text")
"""Layers of the calibrated default, by the names they have in tables."""
ENGINES = ("local", "spark")
_DURATION = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*")


def setting(default: Any, help: str, *, unit: str = "", flag: str = "") -> Any:
    """A field of a settings class, with what people need to know about it."""
    return field(default=default, metadata={"help": help, "unit": unit, "flag": flag})


def duration_ms(text: str | timedelta, what: str = "window") -> int:
    """Milliseconds of ``60s``, ``10m``, ``1h``, ``1d`` or ``500ms``, or of a timedelta.

    Raises
    ------
    SettingError
        If there is no unit, or the duration is not above zero.
    """
    if isinstance(text, timedelta):
        value = round(text / timedelta(milliseconds=1))
    elif match := _DURATION.fullmatch(str(text)):
        # Cut at twice the longest allowed: four hundred digits are no float.
        value = round(min(float(match[1]) * UNIT_MS[match[2]], 2 * LONGEST_MS))
    else:
        raise SettingError(
            f"--{what} {text}: a duration needs a number and a unit, "
            "for example 60s, 10m, 1h, 1d or 500ms"
        )
    if value <= 0:
        raise SettingError(f"--{what} {text}: a duration must be at least 1ms; try 60s")
    if value > LONGEST_MS:
        raise SettingError(f"--{what} {text}: longer than ten years; did you mean another unit?")
    return value


def duration_text(value_ms: int) -> str:
    """The shortest exact way to write a duration: 90000 becomes ``90s``, 3600000 ``1h``."""
    unit = next(unit for unit in ("d", "h", "m", "s", "ms") if value_ms % UNIT_MS[unit] == 0)
    return f"{value_ms // UNIT_MS[unit]}{unit}"


def _at_least(value: int, least: int, flag: str) -> None:
    if value < least:
        raise SettingError(f"--{flag} {value}: must be at least {least}")


@dataclass(frozen=True)
class Reading:
    """How input tables are read."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    format: str = setting(
        "", "Format of the files (see `claqueur sources`); recognised when not given."
    )
    map: tuple[str, ...] = setting(
        (), "Where a column comes from, for example account_id=author; may be repeated."
    )
    timezone: str = setting(
        "", "Zone of times written without one, for example Europe/Moscow or UTC."
    )
    time_unit: str = setting(
        "", "Unit of numeric times: s, ms, us or ns; seconds and milliseconds are recognised."
    )
    encoding: str = setting("", "Character encoding of text files; UTF-8 when not given.")
    rank_order: str = setting(
        "",
        "Order of lists of likers, if you know it: newest-first or oldest-first. Only then does "
        "the place in a list (rank) bound times.",
    )

    def __post_init__(self) -> None:
        if self.rank_order not in ("", "newest-first", "oldest-first"):
            raise SettingError(f"--rank-order {self.rank_order}: use newest-first or oldest-first")
        if self.time_unit not in ("", "s", "ms", "us", "ns"):
            raise SettingError(f"--time-unit {self.time_unit}: use s, ms, us or ns")
        for pair in self.column_map.items():
            if not all(pair):
                raise SettingError(f"--map {'='.join(pair)}: write it as account_id=author")

    @property
    def column_map(self) -> dict[str, str]:
        """Our column names to theirs."""
        pairs = (entry for value in self.map for entry in value.split(",") if entry)
        return {
            name.strip(): column.strip() for name, _, column in (p.partition("=") for p in pairs)
        }


@dataclass(frozen=True)
class CoAction:
    """Timed co-action: both acted on the same object within the window, on enough objects."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    window: tuple[str, ...] = setting(
        (),
        "Two actions on one object count together when at most this far apart (60s, 10m, 1h); "
        "may be repeated. Without --window and --min-objects nothing has to be guessed.",
        unit="duration",
    )
    min_objects: int | None = setting(
        None, "Objects on which two accounts must have acted together.", unit="objects"
    )
    action: tuple[str, ...] = setting(
        (), "Only this action (like, comment, repost …); may be repeated."
    )
    across_actions: bool = setting(
        False, "Let a like meet a comment: one network over all actions instead of one each."
    )
    layer: tuple[str, ...] = setting(
        (),
        "co_action (who acts when), co_engagement (who acts on what, times left aside) or co_text "
        "(who writes the same texts); may be repeated. By default actions with a time or an "
        "interval go into the first and the rest into the second, and what has a text into the "
        "third besides.",
    )

    def __post_init__(self) -> None:
        for name in self.layer:
            if name not in LAYERS:
                raise SettingError(f"--layer {name}: use {' or '.join(LAYERS)}")
        if self.calibrated:
            return
        if self.layer:
            raise SettingError(
                "--layer belongs to the calibrated default; leave out --window and --min-objects"
            )
        if not self.window or self.min_objects is None:
            missing = "--min-objects (for example 5)" if self.window else "--window (like 60s)"
            raise SettingError(
                f"missing {missing}: give both, for a network without an error rate, or neither, "
                "for the calibrated default, which needs no thresholds"
            )
        _at_least(self.min_objects, 1, "min-objects")
        _ = self.windows_ms

    @property
    def calibrated(self) -> bool:
        """Whether neither window nor minimum is given: the default, which states its error."""
        return not self.window and self.min_objects is None

    @classmethod
    def names(cls) -> list[str]:
        """Names of the settings."""
        return [entry.name for entry in fields(cls)]

    @property
    def windows_ms(self) -> tuple[int, ...]:
        """The windows in milliseconds, rising, each once."""
        return tuple(sorted({duration_ms(window) for window in self.window}))


@dataclass(frozen=True)
class Compat(CoAction):
    """The weights and filters of another tool, exactly."""

    loops: bool = setting(
        False, "CooRTweet: keep pairs of one account with itself (remove_loops=FALSE)."
    )
    subgraph: int = setting(0, "CooRTweet: return its subgraph 1, 2 or 3; 0 is the whole network.")
    fast: str = setting("", "CooRTweet: the narrower window of subgraphs 2 and 3.", unit="duration")
    edge_weight: float = setting(
        0.5, "CooRTweet: the quantile of edge weights above which an edge is marked."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.calibrated:
            raise SettingError("--compat needs --window and --min-objects, as that tool does")
        if len(self.windows_ms) > 1:
            raise SettingError("--compat takes one --window; run it once for each")
        if self.subgraph not in (0, 1, 2, 3):
            raise SettingError(f"--subgraph {self.subgraph}: must be 1, 2 or 3 (0 for all)")
        if self.subgraph > 1 and not self.fast:
            raise SettingError(f"--subgraph {self.subgraph} needs --fast, for example --fast 10s")
        if self.fast and self.fast_ms >= self.windows_ms[0]:
            raise SettingError(f"--fast {self.fast}: must be narrower than --window")
        if not 0 <= self.edge_weight <= 1:
            raise SettingError(f"--edge-weight {self.edge_weight}: a quantile is from 0 to 1")

    @property
    def fast_ms(self) -> int:
        """The narrower window in milliseconds."""
        return duration_ms(self.fast, "fast")


@dataclass(frozen=True)
class Grouping:
    """Communities of the network."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    resolution: float = setting(
        1.0, "Leiden resolution: higher values give more and smaller groups."
    )
    seed: int = setting(1, "Seed of everything random in the run.")

    def __post_init__(self) -> None:
        if self.resolution <= 0:
            raise SettingError(f"--resolution {self.resolution}: must be above 0")
        _at_least(self.seed, 0, "seed")


@dataclass(frozen=True)
class Targets:
    """Declared targets of a directive: posts, or a page since a date."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    target: tuple[str, ...] = setting((), "A post the directive named; may be repeated.")
    targets: str = setting(
        "", "File of such posts: one id a line, or a table with a column object_id."
    )
    target_page: str = setting(
        "", "The page the directive named, all of it; needs --since and other pages."
    )
    since: str = setting("", "Date of the directive, for example 2019-02-08.")
    reference: tuple[str, ...] = setting(
        (), "A page to compare with (default: all others collected); may be repeated."
    )
    topic: tuple[str, ...] = setting(
        (), "A word in the text of posts on the targets' topic; may be repeated."
    )

    def __post_init__(self) -> None:
        posts = self.target or self.targets
        if posts and self.target_page:
            raise SettingError(
                "--target and --target-page exclude each other: name posts, or a whole page"
            )
        if not posts and not self.target_page and (self.since or self.reference or self.topic):
            raise SettingError(
                "--since, --reference and --topic belong to declared targets; name some with "
                "--target, --targets or --target-page"
            )
        if self.target_page and not self.since:
            raise SettingError(
                f"--target-page {self.target_page}: likes of one page alone say nothing, so a "
                "whole page is not testable this way; give the date of the order too, like "
                "--since 2019-02-08: then likes since are held against other pages and before"
            )
        if self.target_page and self.topic:
            raise SettingError("--topic belongs to target posts; a whole page has all its topics")
        if self.target_page and self.target_page in self.reference:
            raise SettingError(
                f"--reference {self.target_page}: is the target page itself; name other pages"
            )
        _ = self.since_date

    @property
    def declared(self) -> bool:
        """Whether there are any."""
        return bool(self.target or self.targets or self.target_page)

    @property
    def since_date(self) -> date:
        """The date of the directive; the first day there is when none was given."""
        try:
            return date.fromisoformat(self.since) if self.since else date.min
        except ValueError:
            raise SettingError(f"--since {self.since}: write a date as 2019-02-08") from None


@dataclass(frozen=True)
class Wording:
    """How what comments say is told."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    tone_model: str = setting(
        "", "Folder of a local classifier of tone instead of the built-in lexicon."
    )


@dataclass(frozen=True)
class Scale:
    """How much of the machine is used, and what runs the heavy work."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    memory: str = setting(
        "",
        "Memory for the data of blocks, such as 8GB or 512MB; half of what the machine has when "
        "not given. It budgets the data, not the interpreter; a small budget means more blocks, "
        "not a refusal.",
        unit="size",
    )
    engine: str = setting("local", "local (the cores of this machine) or spark.")
    master: str = setting(
        "", "With --engine spark: URL of a master, sc://HOST:PORT, or local[N]; local[*] if none."
    )

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise SettingError(f"--engine {self.engine}: use {' or '.join(ENGINES)}")
        if self.master and self.engine != "spark":
            raise SettingError(f"--master {public_master(self.master)}: goes with --engine spark")
        if self.memory:
            bytes_of(self.memory)

    @property
    def memory_bytes(self) -> int:
        """The budget in bytes."""
        return bytes_of(self.memory) if self.memory else machine_bytes() // 2


def public_master(master: str) -> str:
    """A master's URL without what could be secret: users, passwords, tokens."""
    return re.split(r"[;?]", re.sub(r"(?<=//)[^/@]*@", "", master))[0]


@dataclass(frozen=True)
class Serving:
    """The simulated VK API of ``claqueur simulate --serve``."""

    port: int = setting(5199, "Where it answers; 0 for any free port.")
    start: str = setting(
        "", "Play the world from this day or moment on; without it and --speed all is over."
    )
    speed: float | None = setting(
        None, "Seconds of the world in a real second; 1 when --start is given alone."
    )
    rate_limit: str = setting("vk", "Calls a second of each token; vk for VK's own limits, or off.")
    daily_cap: tuple[str, ...] = setting(
        (), "METHOD=N: calls in a day of the world, or METHOD=off; may be repeated."
    )
    fault: tuple[str, ...] = setting(
        (), "KIND=SHARE of timeout, 500, broken, slow or truncated; may be repeated."
    )
    fault_seed: int = setting(1, "Which requests fail.")
    hide: tuple[str, ...] = setting(
        (),
        "KIND=SHARE of accounts (closed, deactivated) or posts (deleted, comments), KIND=ID of a "
        "page (page, blocked, members); may be repeated.",
    )


Settings = TypeVar("Settings", Reading, CoAction, Compat, Grouping, Targets, Wording, Scale)


def from_mapping(cls: type[Settings], values: Mapping[str, Any], where: str) -> Settings:
    """Settings from a TOML table, with unknown names and wrong types refused.

    Parameters
    ----------
    where
        What to call the table in an error, for example ``case.toml [detect]``.
    """
    from pydantic import TypeAdapter, ValidationError

    known = [entry.name for entry in fields(cls)]
    if unknown := sorted(set(values) - set(known)):
        raise SettingError(
            f"{where}: unknown setting {', '.join(unknown)}; known are {', '.join(known)}"
        )
    try:
        return TypeAdapter(cls).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingError(f"{where}: {name} = {first['input']!r}: {first['msg']}") from None


def to_mapping(settings: Any) -> dict[str, Any]:
    """Settings as plain values, for TOML and ``run.json``."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(settings).items()
    }
