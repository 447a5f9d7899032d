"""A small case with runs, served in this process; copies of it for tests that change something."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from claqueur.case import create_case, open_case
from claqueur.directive.register import register_directive
from claqueur.directive.working import add_working
from claqueur.pipeline import add, run_case
from claqueur.settings import CoAction
from claqueur.web.app import make_app
from claqueur.web.sessions import Sessions
from tests.conftest import lockstep_table
from tests.directive_records import KRASNOYARSK

ORIGIN = "http://127.0.0.1"
SCRIPT = "<script>alert('x')</script>"
"""What stands in every text field that comes from data."""


def comments() -> pl.DataFrame:
    """The planted group, who also write the same words under posts, and a post on one's wall."""
    table = lockstep_table().with_columns(
        action=pl.lit("like"), owner_id=pl.lit("-1"), text=pl.lit(None, pl.String),
        content_id=pl.lit(None, pl.String),
    )  # fmt: skip
    written = table.filter(pl.col("account_id").str.starts_with("7")).with_columns(
        action=pl.lit("comment"),
        text=f"Спасибо за прекрасный праздник нашему любимому городу {SCRIPT}" + pl.lit(""),
        content_id=pl.col("object_id") + "_" + pl.col("account_id"),
    )
    walls = table.filter(pl.col("object_id") == "wall-1_0").with_columns(
        object_id=pl.lit("wall700000000_5"), owner_id=pl.lit("700000000")
    )
    return pl.concat([table, written, walls])


@dataclass(frozen=True)
class Room:
    """A signed-in browser and the folder that is served."""

    client: TestClient
    folder: Path
    csrf: str

    def get(self, path: str, status: int = 200, **params: object):
        answer = self.client.get(path, params=params)
        assert answer.status_code == status, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: object = None, status: int = 200, **more):
        headers = {"x-claqueur-csrf": self.csrf, "origin": ORIGIN, **more.pop("headers", {})}
        answer = self.client.request(method, path, json=body, headers=headers, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def post(self, path: str, body: object, status: int = 200, **more):
        return self.send("POST", path, body, status, **more)


def opened(folder: Path, sessions: Sessions | None = None, **options) -> TestClient:
    app = make_app(folder, sessions or Sessions("Anna"), **options)
    return TestClient(app, base_url=ORIGIN, client=("127.0.0.1", 50_000))


def signed_in(client: TestClient, folder: Path) -> Room:
    token = client.app.state.server.sessions.token
    answer = client.get("/", params={"token": token}, follow_redirects=False)
    assert answer.status_code == 303
    return Room(client, folder, client.get("/api/session").json()["csrf"])


@pytest.fixture(scope="session")
def kept(tmp_path_factory) -> Path:
    """Two cases, one of them with two runs; not to be changed."""
    folder = tmp_path_factory.mktemp("room") / "cases"
    folder.mkdir()
    case = create_case(folder / "planted", f"Planted {SCRIPT}", read={"timezone": "Europe/Moscow"})
    add_working(case, "minutes", KRASNOYARSK)
    register_directive(case, "minutes")
    comments().write_csv(folder / "events.csv")
    add(case, [folder / "events.csv"])
    (folder / "events.csv").unlink()
    run_case(open_case(case.folder))
    run_case(open_case(case.folder), CoAction(window=("120s",), min_objects=5))
    create_case(folder / "empty", "Empty")
    return folder


@pytest.fixture
def folder(kept, tmp_path) -> Path:
    """A copy of the cases."""
    return shutil.copytree(kept, tmp_path / "cases")


@pytest.fixture
def room(folder) -> Iterator[Room]:
    """A browser that is signed in, over a copy of the cases."""
    with opened(folder) as client:
        yield signed_in(client, folder)


@pytest.fixture(scope="session")
def reading(kept) -> Iterator[Room]:
    """The same over what is not to be changed, for tests that only look."""
    with opened(kept) as client:
        yield signed_in(client, kept)
