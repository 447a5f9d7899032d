"""Signing in and out, and the deliberate switch to identities."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from starlette.responses import Response

from claqueur import custody
from claqueur._version import __version__
from claqueur.web.calls import Asked, Call, Endpoint, OfCase, json_answer
from claqueur.web.problems import NotSignedIn, Refused, TooMany
from claqueur.web.sessions import OPEN, READ, REVIEW, RUN, Session
from claqueur.web.told import SessionTold


class Login(Asked):
    """A name and a password."""

    name: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=1000)


class Renamed(Asked):
    """Under which name decisions are entered."""

    user: str = Field(min_length=1, max_length=200)


class Switch(Asked):
    """Whether identities are shown, and why."""

    shown: bool
    reason: str = Field("", max_length=500)


def told(call: Call, session: Session | None) -> dict[str, Any]:
    """Who is signed in, and what they may do."""
    mode = call.server.sessions.mode
    if session is None:
        none = dict.fromkeys(("user", "role", "csrf", "identities", "may"))
        return {"signed_in": False, "mode": mode, **none, "version": __version__}
    return {
        "signed_in": True, "mode": mode, "user": session.user, "role": session.role,
        "csrf": session.csrf, "identities": bool(session.identities),
        "may": {
            "run": session.may(RUN), "review": session.may(REVIEW), "publish": session.may(RUN),
            "identities": session.may_identify, "rename": mode == "token",
        },
        "version": __version__,
    }  # fmt: skip


def who(call: Call) -> dict[str, Any]:
    """Say who is signed in."""
    return told(call, call.signed_in)


def sign_in(call: Call) -> Response:
    """Sign in with a name and a password."""
    sessions = call.server.sessions
    keeper, name = sessions.doorkeeper, call.body.name.strip()
    if keeper is None:
        raise Refused("this server has no users; open the link that it printed")
    if (wait := keeper.wait_s(name)) > 0:
        seconds = str(int(wait) + 1)
        raise TooMany(f"too many wrong passwords; wait {seconds} s", **{"retry-after": seconds})
    role = keeper.role(name, call.body.password)
    if not role:
        raise NotSignedIn("the name or the password is wrong")
    secret = sessions.begin(name, role)
    answer = json_answer(told(call, sessions.of(secret)))
    set_cookie(answer, call.server.cookie, secret, call.server.secure)
    return answer


def set_cookie(answer: Response, name: str, secret: str, secure: bool) -> None:
    """Let the browser keep the secret, where no script and no other site gets at it."""
    answer.set_cookie(name, secret, httponly=True, samesite="strict", secure=secure, path="/")


def rename(call: Call) -> dict[str, Any]:
    """Enter decisions under another name."""
    if call.server.sessions.mode != "token":
        raise Refused("users have the name they signed in with; sign in as somebody else")
    call.session.user = custody.acting_user(call.body.user)
    return told(call, call.session)


def sign_out(call: Call) -> Response:
    """Sign out."""
    call.server.sessions.end(call.secret)
    answer = Response(None, 204, {"cache-control": "no-store"})
    answer.delete_cookie(call.server.cookie, path="/", httponly=True, samesite="strict")
    return answer


def identify(call: Call) -> dict[str, Any]:
    """Show identities of a case, or no longer; both are entered in its log of custody."""
    if not call.session.may_identify:
        raise Refused("a reader never sees identities; ask an analyst")
    name, case = call.named
    reason = " ".join(call.body.reason.split())
    if call.body.shown and len(reason) < 3:
        raise Refused("say why identities are needed, in a few words")
    custody.append(
        case.folder, custody.SHOWN, user=call.session.user, shown=call.body.shown, reason=reason
    )
    if call.body.shown:
        call.session.identities.add(name)
    else:
        call.session.identities.discard(name)
    return told(call, call.session)


ENDPOINTS = (
    Endpoint("GET", "/api/session", who, SessionTold, needs=OPEN),
    Endpoint("POST", "/api/session", sign_in, SessionTold, body=Login, needs=OPEN),
    Endpoint("PATCH", "/api/session", rename, SessionTold, body=Renamed),
    Endpoint("DELETE", "/api/session", sign_out),
    Endpoint("POST", "/api/session/identities", identify, SessionTold, query=OfCase, body=Switch,
             needs=READ),
)  # fmt: skip
