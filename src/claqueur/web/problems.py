"""What the server refuses, with the status it is refused with."""

from __future__ import annotations

from typing import Any

from claqueur.errors import ClaqueurError, InputError


class ProblemError(ClaqueurError):
    """Something that cannot be answered; its name is the ``kind`` in the answer."""

    status = 400
    headers: dict[str, str]

    def __init__(self, message: str, **headers: str) -> None:
        super().__init__(message)
        self.headers = headers


class NotSignedIn(ProblemError):  # noqa: N818 - the name is part of the API
    """Nobody is signed in."""

    status = 401


class Refused(ProblemError):  # noqa: N818
    """Not allowed: the role, the origin, a missing header."""

    status = 403


class NotFound(ProblemError):  # noqa: N818
    """There is no such thing."""

    status = 404


class Conflict(ProblemError):  # noqa: N818
    """It cannot be done as things are."""

    status = 409


class TooLarge(ProblemError):  # noqa: N818
    """More than is taken."""

    status = 413


class TooMany(ProblemError):  # noqa: N818
    """Too often; wait."""

    status = 429


class Invalid(ProblemError):  # noqa: N818
    """Of a wrong shape; says where."""

    status = 422

    def __init__(self, message: str, fields: list[dict[str, str]]) -> None:
        super().__init__(message)
        self.fields = fields


def body_of(error: Exception) -> dict[str, Any]:
    """The answer to an error, as JSON has it."""
    known = isinstance(error, ClaqueurError)
    said = str(error) if known else (
        "this should not have happened; what went wrong is on the server's standard error"
    )  # fmt: skip
    kind = type(error).__name__ if known else "Failed"
    return {"error": {"kind": kind, "message": said, "fields": getattr(error, "fields", [])}}


def status_of(error: Exception) -> int:
    """The status of an error."""
    if isinstance(error, ProblemError):
        return error.status
    return 400 if isinstance(error, InputError) else 500
