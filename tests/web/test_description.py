"""Every endpoint against its own description: nothing crashes it, no answer has another shape."""

import shutil

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from claqueur.web.openapi import described
from claqueur.web.views import ENDPOINTS
from tests.web.conftest import ORIGIN, Room, opened, signed_in

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip
LEFT_OUT = "(/events$|^/api/session$)"
"""Streams that never end, and what would sign the client out."""

ANSWERED: set[str] = set()

description = schemathesis.openapi.from_dict(described(ENDPOINTS)).exclude(path_regex=LEFT_OUT)
OPERATIONS = {found.ok().label: found.ok() for found in description.get_all_operations()}


@pytest.fixture(scope="module")
def served(kept, tmp_path_factory):
    """A copy of the cases in which no job is ever started."""
    folder = shutil.copytree(kept, tmp_path_factory.mktemp("described") / "cases")
    with opened(folder) as client:
        room = signed_in(client, folder)
        client.app.state.server.jobs._run = lambda *_: None
        yield room


def aimed(case, room: Room) -> None:
    """Aim at what is there, so that it is answered and not only refused."""
    runs = sorted(path.name for path in (room.folder / "planted" / "runs").iterdir())
    known = {"case": "planted", "run": runs[-1], "directive": "minutes", "item": "second-reader"}
    for parameters in (case.path_parameters, case.query):
        for name in set(parameters or ()) & known.keys():
            parameters[name] = known[name]
    if isinstance((case.path_parameters or {}).get("group"), int):
        case.path_parameters["group"] = 1 + case.path_parameters["group"] % 3
    if case.operation.get_parameter("case", "query") is not None:
        case.query["case"] = "planted"


@pytest.mark.parametrize("label", sorted(OPERATIONS))
@given(st.data())
@settings(
    max_examples=6, derandomize=True, deadline=None, phases=[Phase.generate], database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_answers_are_as_described(label, served, data):
    case = data.draw(OPERATIONS[label].as_strategy())
    aimed(case, served)
    given = case.as_transport_kwargs(base_url=ORIGIN)
    given["headers"] = {
        **dict(given.get("headers") or {}), "x-claqueur-csrf": served.csrf,
    }  # fmt: skip
    given.pop("cookies", None)
    content = given.pop("data", None)
    answer = served.client.request(**given, content=content)
    case.validate_response(answer, checks=CHECKS)
    if answer.is_success:
        ANSWERED.add(f"{case.method} {case.operation.path}")


def test_most_were_answered_and_not_only_refused(served):
    """Nothing that reads is out of reach of the requests above."""
    reads = {f"{each.method} {each.path}" for each in ENDPOINTS if each.method == "GET"}
    files = {each for each in reads if each.endswith((".html", ".zip", ".age", ".gexf"))}
    aside = {"GET /api/session", "GET /api/jobs/{job}", "GET /api/runs/compare",
             "GET /api/events", "GET /api/jobs/{job}/events",
             "GET /api/review/sample/cards"}  # fmt: skip
    assert reads - files - aside <= ANSWERED
