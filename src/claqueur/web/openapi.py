"""The description of the API, as OpenAPI 3.1 has it, made of the table of endpoints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from claqueur._version import __version__
from claqueur.web.calls import CSRF, Asked, Endpoint
from claqueur.web.jobs import ID
from claqueur.web.places import NAME
from claqueur.web.sessions import OPEN

_REF = "#/components/schemas/{model}"
_PATHS: dict[str, dict[str, Any]] = {
    "group": {"type": "integer", "minimum": 1, "maximum": (1 << 31) - 1},
    "job": {"type": "string", "pattern": f"^{ID.pattern}$"},
    "upload": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "case": {"type": "string", "pattern": f"^{NAME.pattern}$"},
    "directive": {"type": "string", "pattern": r"^[\w-]+$"},
    "run": {"type": "string", "pattern": "^[0-9-]+$"},
    "package": {"type": "string", "pattern": r"^[\w-]+$"},
    "language": {"type": "string", "pattern": "^[a-z]{2}$"},
    "item": {"type": "string", "pattern": "^[a-z-]+$"},
}


class Complaint(BaseModel):
    """Where a value is wrong."""

    where: str
    message: str


class Wrong(BaseModel):
    """What is wrong."""

    kind: str
    message: str
    fields: list[Complaint]


class Failure(BaseModel):
    """An answer that is an error."""

    error: Wrong


def described(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The whole description."""
    asked = {each.body for each in endpoints if each.body}
    given = {each.gives for each in endpoints if _is_model(each.gives)}
    inputs: list[tuple[type[BaseModel], Any]] = [(each, "validation") for each in asked]
    outputs: list[tuple[type[BaseModel], Any]] = [
        (each, "serialization") for each in (*given, Failure)
    ]
    names, schemas = models_json_schema(
        sorted([*inputs, *outputs], key=lambda pair: pair[0].__name__), ref_template=_REF
    )
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Claqueur: the case room", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "claqueur"}},
        },
        "security": [{"session": []}],
    }


def _is_model(gives: Any) -> bool:
    return isinstance(gives, type) and issubclass(gives, BaseModel)


def _operation(each: Endpoint, names: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": "_".join(re.findall(r"\w+", f"{each.method.lower()} {each.path}")),
        "summary": each.summary,
        "parameters": [*_in_path(each.path), *_in_query(each.query), *_in_headers(each)],
        "responses": {
            str(each.status if each.gives is not None else 204): _answer(each, names),
            "4XX": _failure("It is refused.", names),
            "5XX": _failure("It went wrong.", names),
        },
    }
    if each.body is not None:
        schema = names[(each.body, "validation")]
        operation["requestBody"] = {
            "required": True, "content": {"application/json": {"schema": schema}},
        }  # fmt: skip
    elif each.takes != "application/json":
        binary = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": {each.takes: binary}}
    if each.needs == OPEN:
        operation["security"] = []
    return operation


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATHS[name]}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _in_query(query: type[Asked]) -> list[dict[str, Any]]:
    schema = query.model_json_schema()
    return [
        {
            "name": name, "in": "query", "required": name in schema.get("required", []),
            "schema": _without_null(part),
        }
        for name, part in schema.get("properties", {}).items()
    ]  # fmt: skip


def _without_null(part: dict[str, Any]) -> dict[str, Any]:
    """What is not given is left out; a parameter cannot say null."""
    kinds = [each for each in part.get("anyOf", ()) if each != {"type": "null"}]
    rest = {key: value for key, value in part.items() if key not in ("anyOf", "default", "title")}
    return {**rest, **kinds[0]} if len(kinds) == 1 else part


def _in_headers(each: Endpoint) -> list[dict[str, Any]]:
    if not each.changes:
        return []
    return [{"name": CSRF, "in": "header", "required": True, "schema": {"type": "string"}}]


def _answer(each: Endpoint, names: dict[Any, Any]) -> dict[str, Any]:
    if each.gives is None:
        return {"description": "Done."}
    if isinstance(each.gives, str):
        return {"description": "The file or stream.", "content": {each.gives: {}}}
    schema = names[(each.gives, "serialization")]
    return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}


def _failure(text: str, names: dict[Any, Any]) -> dict[str, Any]:
    schema = names[(Failure, "serialization")]
    return {"description": text, "content": {"application/json": {"schema": schema}}}
