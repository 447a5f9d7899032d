"""One call: token, version, limits, method; always an answer, never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claqueur.vkserver.clocks import Clock
from claqueur.vkserver.limits import Limits
from claqueur.vkserver.methods import GROUP, METHODS, SERVICE, USER, Method
from claqueur.vkserver.params import Params
from claqueur.vkserver.refusals import VkError
from claqueur.vkserver.script import CallFailedError, Script
from claqueur.vkserver.walls import Walls

VERSION = "5.199"
MAX_CALLS = 25
"""Calls in one ``execute``."""


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    token: str
    kind: str

    @classmethod
    def of(cls, token: str) -> Caller:
        """Any token is a user's unless it begins ``service-`` or ``group-``."""
        for kind in (SERVICE, GROUP):
            if token.startswith(f"{kind}-"):
                return cls(token, kind)
        return cls(token, USER)


@dataclass(frozen=True)
class Api:
    """The methods on a world, at the moment its clock shows."""

    walls: Walls
    clock: Clock
    limits: Limits

    def answer(self, method: str, given: Mapping[str, str]) -> dict[str, Any]:
        """The whole answer to a call, a response or an error."""
        try:
            if method != "execute" and method not in METHODS:
                raise VkError(3)
            caller = _caller(given)
            _check_version(given)
            self.limits.admit(caller.token, caller.kind)
            if method == "execute":
                return self._execute(caller, given)
            return {"response": self._call(caller, method, given)}
        except VkError as error:
            return {"error": _error(error, method, given)}

    def _call(self, caller: Caller, name: str, given: Mapping[str, str]) -> Any:
        method = METHODS.get(name)
        if method is None:
            raise VkError(3)
        _check_kind(caller, method.tokens)
        now = self.clock()
        self.limits.spend(caller.token, name, now)
        return _run(method, self.walls, Params(given), now)

    def _execute(self, caller: Caller, given: Mapping[str, str]) -> dict[str, Any]:
        """Run the code; what failed in it is false there, and told beside the response."""
        _check_kind(caller, (USER, GROUP))
        failed: list[dict[str, Any]] = []
        calls = 0

        def call(name: str, arguments: Mapping[str, str]) -> Any:
            nonlocal calls
            calls += 1
            if calls > MAX_CALLS:
                raise VkError(13, f"more than {MAX_CALLS} calls; split the code")
            try:
                return self._call(caller, name, arguments)
            except VkError as error:
                entry = {"method": name, "error_code": error.code, "error_msg": error.message}
                failed.append(entry)
                raise CallFailedError from None

        response = Script.of(Params(given).text("code")).run(call, given)
        return {"response": response} | ({"execute_errors": failed} if failed else {})


def _run(method: Method, walls: Walls, params: Params, now: int) -> Any:
    return method.run(walls, params, now)


def _caller(given: Mapping[str, str]) -> Caller:
    token = given.get("access_token", "")
    if not token:
        raise VkError(5)
    return Caller.of(token)


def _check_version(given: Mapping[str, str]) -> None:
    version = given.get("v", "")
    if not version:
        raise VkError(8, f"v is required; pass v={VERSION}")
    if version != VERSION:
        raise VkError(8, f"this server answers version {VERSION} only, not {version[:20]}")


def _check_kind(caller: Caller, allowed: tuple[str, ...]) -> None:
    if caller.kind not in allowed:
        raise VkError(27 if caller.kind == GROUP else 28)


def _error(error: VkError, method: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The error with what was asked; the token is never among it."""
    told = {"method": method, "oauth": "1"} | dict(given)
    told.pop("access_token", None)
    return {
        "error_code": error.code,
        "error_msg": error.message,
        "request_params": [{"key": key, "value": value} for key, value in told.items()],
    }
