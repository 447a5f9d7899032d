"""Attempts to make a compliance tracker of it: every way in refuses, whatever names are given."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import lockstep_table
from tests.directive_records import RECORD
from tests.released import Planted
from typer.testing import CliRunner

import claqueur
from claqueur.cli import app
from claqueur.directive.working import add_working
from claqueur.errors import InputError, ReleaseError, SettingError, SourceError
from claqueur.publish.release import make_release
from claqueur.publish.release.differencing import behind, differences
from claqueur.settings import Reading

PEOPLE = (
    "Иванова Мария Петровна", "Петров П. П.", "Сидорова Анна Сергеевна", "Кузнецов И. И.",
    "Смирнова Ольга Игоревна",
)  # fmt: skip
SCHOOLS = ("Школа № 5", "МБОУ СОШ 12", "Библиотека им. Горького", "Детский сад 3", "Музей города")
POSTS = ("учитель", "директор школы", "библиотекарь", "методист", "воспитатель")
LATIN = ("Ivanova Maria Petrovna", "Petrov Petr Ivanovich", "Sidorova Anna Sergeevna")


def roster(**columns: tuple[str, ...]) -> pl.DataFrame:
    """Thirty accounts and what is said about them."""
    return pl.DataFrame(
        {"account_id": [f"10000{n:04}" for n in range(30)]}
        | {name: [values[n % len(values)] for n in range(30)] for name, values in columns.items()}
    )


def liked(**columns: tuple[str, ...]) -> pl.DataFrame:
    """Likes of those accounts on ten posts, each joined to what is said about who liked."""
    rows = roster(**columns).join(
        pl.DataFrame({"object_id": [f"wall-1_{n}" for n in range(10)]}), how="cross"
    )
    times = [1_600_000_000 + 60 * n for n in range(rows.height)]
    return rows.with_columns(timestamp=pl.Series(times))


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """What is said when a table is refused by Python and by the command line alike."""

    def attempt(table: pl.DataFrame, *, name: str = "table.csv", **options: str) -> str:
        path = tmp_path / name
        if name.endswith(".parquet"):
            table.write_parquet(path)
        elif name.endswith(".ndjson"):
            table.write_ndjson(path)
        elif name.endswith(".gz"):
            path.write_bytes(gzip.compress(table.write_csv().encode()))
        else:
            table.write_csv(path)
        with pytest.raises(SourceError) as caught:
            claqueur.detect(path, window="60s", min_objects=2, columns=options)
        flags = [f"--map={ours}={theirs}" for ours, theirs in options.items()]
        case = claqueur.create_case(tmp_path / "case")
        with pytest.raises(SourceError):
            claqueur.add(case, [path], reading=Reading(map=tuple(f[6:] for f in flags)))
        command = ["add", str(tmp_path / "case"), str(path), *flags]
        answer = CliRunner().invoke(app, command)
        # The command line ends with the code of the error, and shows its words alone.
        assert isinstance(answer.exception, SourceError)
        assert answer.exception.exit_code == 2
        assert case.events() is None, "nothing of it is kept"
        return str(caught.value)

    return attempt


WHY = "docs/no-compliance.md"


@pytest.mark.parametrize(
    "header",
    ["ФИО", "фио", "Ф.И.О.", "Фамилия", "Должность", "Место работы", "employee", "workplace",
     "work_place", "fullName", "job_title", "employer", "completion", "Выполнено", "Работодатель"],
)  # fmt: skip
def test_columns_about_staff_are_refused_whatever_stands_in_them(refused, header):
    codes = tuple(str(n) for n in range(5))
    assert WHY in refused(liked(**{header: codes}))


@pytest.mark.parametrize("name", ["table.csv", "table.parquet", "table.ndjson", "table.csv.gz"])
def test_renamed_columns_are_seen_through(refused, name):
    said = refused(liked(a=PEOPLE), name=name)
    assert "names of persons" in said
    assert WHY in said


@pytest.mark.parametrize("values", [PEOPLE, LATIN, SCHOOLS, POSTS])
def test_who_people_are_is_refused_beside_what_they_did(refused, values):
    assert WHY in refused(liked(x1=values))


@pytest.mark.parametrize("values", [PEOPLE, LATIN, SCHOOLS, POSTS])
@pytest.mark.parametrize("ours", ["object_id", "action"])
def test_it_is_refused_as_the_object_or_the_action(refused, ours, values):
    """A roster in the clothes of a table of events."""
    table = roster(b=values, c=("wall-1_1", "wall-1_2"))
    named = {"object_id": "c"} | {ours: "b"}
    assert WHY in refused(table, account_id="account_id", **named)


def test_the_workplace_as_the_page_is_refused(refused):
    """Then every page would be a workplace, and its counts that workplace's completion."""
    assert WHY in refused(liked(b=SCHOOLS), owner_id="b")


def test_names_as_accounts_are_refused(refused):
    table = liked(b=PEOPLE).drop("account_id")
    assert WHY in refused(table, account_id="b")


@pytest.mark.parametrize("column", ["b", "c"])
def test_plain_names_without_anything_done_are_refused(refused, column):
    names = ("Мария Ким", "Мария Ли", "Анна Ким", "Анна Ли")
    assert WHY in refused(roster(b=names, c=("x",)), object_id=column)


def test_beyond_the_first_rows_ids_are_looked_at_too(tmp_path):
    """The first rows may be innocent; the ids of all rows are looked at."""
    likes = pl.DataFrame(
        {
            "account_id": [str(n % 50) for n in range(3000)],
            "object_id": [f"wall-1_{n}" for n in range(3000)],
        }
    )
    people = pl.DataFrame(
        {"account_id": [str(n % 50) for n in range(9000)],
         "object_id": [f"{PEOPLE[n % 5]} {n}" for n in range(9000)]}
    )  # fmt: skip
    path = tmp_path / "late.csv"
    pl.concat([likes, people]).write_csv(path)
    with pytest.raises(SourceError, match=WHY):
        claqueur.add(claqueur.create_case(tmp_path / "case"), [path])


# Ordinary tables go through


@pytest.mark.parametrize(
    "columns",
    [
        {"page_name": ("x",)},
        {"author_name": ("Мария Ким", "Анна Ли", "Пётр Ли", "Анна Цой")},
        {"text": ("Спасибо школе № 5 и лично Петрову П. П.!", "Браво, библиотека!")},
        {"lang": ("ru", "en")},
    ],
)  # fmt: skip
def test_public_tables_are_no_rosters(tmp_path, columns):
    table = liked(**columns)
    if "page_name" in columns:
        # What the page is called is the same for everybody who likes its posts.
        table = table.with_columns(page_name=pl.lit("Музей города"))
    table.write_csv(tmp_path / "likes.csv")
    assert claqueur.add(claqueur.create_case(tmp_path / "case"), [tmp_path / "likes.csv"]).delivered


def test_pages_of_institutions_may_publish(tmp_path):
    """Pages that post are accounts of events too, and called what they are called."""
    rows = [
        {"account": f"-{page}", "url": f"https://example.org/{n}", "time": 1_600_000_000 + 60 * n,
         "title": f"Библиотека № {page}"}
        for page in range(20) for n in range(5)
    ]  # fmt: skip
    path = tmp_path / "posts.csv"
    pl.DataFrame(rows).write_csv(path)
    assert claqueur.detect(path, window="60s", min_objects=2).run["events"]["kept"] == 100


# Tables of objects and counters


@pytest.fixture
def case(tmp_path):
    lockstep_table().with_columns(
        owner_id=pl.lit("-1"), timestamp=pl.col("timestamp").cast(pl.String)
    ).write_csv(tmp_path / "likes.csv")
    made = claqueur.create_case(tmp_path / "case")
    claqueur.add(made, [tmp_path / "likes.csv"])
    return made


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("first", ["object_id", "owner_id"])
def test_accounts_as_objects_are_refused(case, tmp_path, first):
    """Counts of what members did, as if members were posts: so many likes for each person."""
    lines = [f"{first},like_count,created{',object_id' if first == 'owner_id' else ''}"]
    lines += [
        f"7000000{i:02},9,1600000000{f',o{i}' if first == 'owner_id' else ''}" for i in range(12)
    ]
    path = write(tmp_path / "objects.csv", "\n".join(lines))
    with pytest.raises(SourceError, match=WHY):
        claqueur.add(case, [path])
    assert case.objects() is None


def test_accounts_as_objects_are_refused_when_their_events_come_later(tmp_path):
    made = claqueur.create_case(tmp_path / "case")
    lines = ["object_id,like_count,created", *(f"7000000{i:02},9,1600000000" for i in range(12))]
    claqueur.add(made, [write(tmp_path / "objects.csv", "\n".join(lines))])
    lockstep_table().write_csv(tmp_path / "likes.csv")
    with pytest.raises(SourceError, match=WHY):
        claqueur.add(made, [tmp_path / "likes.csv"])


@pytest.mark.parametrize("name", ["id7000001", "https://vk.com/id7000001"])
def test_own_pages_as_objects_are_refused(tmp_path, name):
    made = claqueur.create_case(tmp_path / "case")
    path = write(tmp_path / "objects.csv", f"object_id,like_count,created\n{name},9,1600000000\n")
    with pytest.raises(SourceError, match=WHY):
        claqueur.add(made, [path])


def test_counters_of_accounts_are_refused(case, tmp_path):
    lines = ["owner_id,counter,time,value"]
    lines += [f"7000000{i:02},likes given,1600000000,{i}" for i in range(12)]
    with pytest.raises(SourceError, match=WHY):
        claqueur.add(case, [write(tmp_path / "counters.csv", "\n".join(lines))])


# Accounts as a query


@pytest.mark.parametrize("option", ["target", "reference", "target_page"])
def test_a_list_of_accounts_is_no_query(tmp_path, option):
    table = lockstep_table().with_columns(owner_id=pl.lit("-1"))
    table.write_csv(tmp_path / "likes.csv")
    given = {
        "target": {"target": ["700000000", "700000001"]},
        "reference": {"target": ["wall-1_1"], "reference": ["700000000"]},
        "target_page": {"target_page": "700000000", "since": "2020-09-15"},
    }[option]
    with pytest.raises(SettingError):
        claqueur.detect(tmp_path / "likes.csv", **given)


def test_a_file_of_accounts_is_no_list_of_targets(tmp_path):
    lockstep_table().write_csv(tmp_path / "likes.csv")
    path = write(tmp_path / "targets.csv", "account_id,employee\n700000000,x\n")
    with pytest.raises(SettingError, match="list of accounts is never taken"):
        claqueur.detect(tmp_path / "likes.csv", targets=path)


@pytest.mark.parametrize(
    "line",
    ['employees = ["700000000"]', 'roster = "staff.csv"', "per_school = [3, 4]", 'фио = "x"',
     "completion = [0.5]"],
)  # fmt: skip
def test_a_directive_takes_no_persons(tmp_path, line):
    path = write(tmp_path / "minutes.toml", RECORD.replace("[[item]]", f"[[item]]\n{line}", 1))
    with pytest.raises(SettingError):
        claqueur.read_directive(path)


def test_a_directive_whose_targets_are_persons_is_refused(tmp_path):
    """Members' ids in the place of pages."""
    case = claqueur.create_case(tmp_path / "case", read={"timezone": "Asia/Krasnoyarsk"})
    text = RECORD.replace('"-1001"', '"700000000"')
    assert text != RECORD
    add_working(case, "minutes", text)
    claqueur.register_directive(case, "minutes")
    lockstep_table().with_columns(owner_id=pl.lit("-1")).write_csv(tmp_path / "likes.csv")
    claqueur.add(case, [tmp_path / "likes.csv"])
    with pytest.raises(SettingError, match="persons are never an input"):
        claqueur.run_case(case)


# Completion of one person or one workplace


@pytest.mark.parametrize("sizes", [(1,), (1, 1, 1), (9, 9), (30,), (30, 5, 5)])
def test_no_figure_is_about_a_person_or_a_workplace(sizes):
    case = Planted(sizes=sizes)
    with pytest.raises(ReleaseError):
        case.release()


def test_one_workplace_does_not_come_out_by_accepting_its_group_alone():
    """Of four groups that could be pooled, one is accepted: it is not published by itself."""
    case = Planted()
    with pytest.raises(ReleaseError, match="one institution"):
        case.release(accepted=case.accepted[:1])
    with pytest.raises(ReleaseError, match="one institution"):
        case.release(accepted=case.accepted[:2])


def test_one_workplace_does_not_come_out_of_two_releases():
    """All four first, then three of them: the difference would be the fourth."""
    case = Planted(sizes=(9, 16, 16, 16))
    whole = behind(case.release(), case.result, case.people)
    rest = behind(case.release(accepted=case.accepted[1:]), case.result, case.people)
    assert {each.few for each in differences(rest, [whole])} == {9}


def test_every_refusal_is_an_error_of_input():
    for kind in (SourceError, SettingError, ReleaseError):
        assert issubclass(kind, InputError)
        assert kind.exit_code == 2


def test_a_case_file_cannot_lower_k(tmp_path):
    case = Planted()
    for k in (0, 1, 9, -5):
        with pytest.raises(SettingError):
            make_release(case.result, case.accepted, title="x", populations=case.people, k=k)
    assert json.dumps(case.release().facts["k"]) == "10"
