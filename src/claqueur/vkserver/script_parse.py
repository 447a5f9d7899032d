"""From the text of a script to functions: a parser by recursive descent."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from claqueur.vkserver.refusals import VkError
from claqueur.vkserver.script import (
    BUILT_IN,
    ReturnedError,
    Run,
    call_on,
    column,
    divided,
    equal,
    member,
    number,
    plus,
    put,
    truth,
)

Get = Callable[[Run], Any]
Set = Callable[[Run, Any], None]
Do = Callable[[Run], None]

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<name>[A-Za-z_$][\w$]*)
      | (?P<sign>@\.|&&|\|\||[=!<>+*/-]=|[-+*/%<>!=.,;:?()\[\]{}])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_CONSTANTS = {"true": True, "false": False, "null": None, "undefined": None}
_WORDS = {"var", "if", "else", "while", "return", *_CONSTANTS}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "parseInt": lambda value: int(number(value)),
    "parseDouble": lambda value: float(number(value)),
}

_LEVELS: list[dict[str, Callable[[Any, Any], Any]]] = [
    {"==": equal, "!=": lambda a, b: not equal(a, b)},
    {
        "<": lambda a, b: _compared(operator.lt, a, b),
        ">": lambda a, b: _compared(operator.gt, a, b),
        "<=": lambda a, b: _compared(operator.le, a, b),
        ">=": lambda a, b: _compared(operator.ge, a, b),
    },
    {"+": plus, "-": lambda a, b: number(number(a) - number(b))},
    {
        "*": lambda a, b: number(number(a) * number(b)),
        "/": lambda a, b: divided(a, b, rest=False),
        "%": lambda a, b: divided(a, b, rest=True),
    },
]
"""Signs between two values, from those that bind least."""

_SIGNS = {sign: run for level in _LEVELS for sign, run in level.items()}


@dataclass(frozen=True)
class Node:
    """How to get a value, and where it can be set, how."""

    get: Get
    set: Set | None = None


def compiled(code: str) -> Do:
    """The whole script as one function."""
    parser = _Parser(_tokens(code))
    statements = []
    while parser.word:
        statements.append(parser.statement())
    return _block(statements)


def _tokens(code: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None:
            raise _unexpected(code[at : at + 20])
        at = match.end()
        kind = str(match.lastgroup)
        if kind != "space":
            found.append((kind, match[0]))
    return [*found, ("end", "")]


class _Parser:
    """Reads tokens one after the other; every method consumes what it understands."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at = tokens, 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def word(self) -> str:
        return self._tokens[self._at][1]

    def take(self) -> str:
        word = self.word
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return word

    def took(self, sign: str) -> bool:
        found = self.word == sign and self.kind != "text"
        if found:
            self.take()
        return found

    def expect(self, sign: str) -> None:
        if not self.took(sign):
            raise _unexpected(self.word or "the end")

    def name(self) -> str:
        if self.kind != "name" or self.word in _WORDS:
            raise _unexpected(self.word or "the end")
        return self.take()

    def statement(self) -> Do:
        if self.took(";"):
            return lambda run: None
        if self.took("{"):
            return self._braces()
        for word, read in (
            ("var", self._var),
            ("if", self._if),
            ("while", self._while),
            ("return", self._return),
        ):
            if self.kind == "name" and self.took(word):
                return read()
        return self._assignment()

    def _braces(self) -> Do:
        statements = []
        while not self.took("}"):
            if not self.word:
                raise _unexpected("the end")
            statements.append(self.statement())
        return _block(statements)

    def _end(self) -> None:
        """A semicolon, which the last statement may do without."""
        if not self.took(";") and self.word not in ("", "}"):
            raise _unexpected(self.word)

    def _var(self) -> Do:
        parts: list[Do] = []
        while True:
            name = self.name()
            value = self.expression().get if self.took("=") else _constant(None)
            parts.append(_setting(_variable(name), value))
            if not self.took(","):
                self._end()
                return _block(parts)

    def _condition(self) -> Get:
        self.expect("(")
        condition = self.expression().get
        self.expect(")")
        return condition

    def _if(self) -> Do:
        condition, then = self._condition(), self.statement()
        otherwise = self.statement() if self.took("else") else _block([])
        return lambda run: then(run) if truth(condition(run)) else otherwise(run)

    def _while(self) -> Do:
        condition, body = self._condition(), self.statement()

        def loop(run: Run) -> None:
            while truth(condition(run)):
                run.step()
                body(run)

        return loop

    def _return(self) -> Do:
        value = _constant(None) if self.word in (";", "}", "") else self.expression().get
        self._end()

        def leave(run: Run) -> None:
            raise ReturnedError(value(run))

        return leave

    def _assignment(self) -> Do:
        target = self.expression()
        sign = self.word if self.kind == "sign" else ""
        if sign == "=" or (len(sign) == 2 and sign[0] in "+-*/" and sign[1] == "="):
            self.take()
            value = self.expression().get
            if sign != "=":
                value = _between(sign[0], target.get, value)
            self._end()
            return _setting(target, value)
        self._end()
        return lambda run: target.get(run)

    def expression(self) -> Node:
        condition = self._either()
        if not self.took("?"):
            return condition
        then = self.expression().get
        self.expect(":")
        otherwise = self.expression().get
        test = condition.get
        return Node(lambda run: then(run) if truth(test(run)) else otherwise(run))

    def _either(self) -> Node:
        left = self._both()
        while self.took("||"):
            left = Node(_or(left.get, self._both().get))
        return left

    def _both(self) -> Node:
        left = self._binary(0)
        while self.took("&&"):
            left = Node(_and(left.get, self._binary(0).get))
        return left

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self.kind == "sign" and self.word in _LEVELS[level]:
            sign = self.take()
            left = Node(_between(sign, left.get, self._binary(level + 1).get))
        return left

    def _unary(self) -> Node:
        if self.took("!"):
            value = self._unary().get
            return Node(lambda run: not truth(value(run)))
        if self.took("-"):
            value = self._unary().get
            return Node(lambda run: -number(value(run)))
        return self._parts(self._primary())

    def _parts(self, node: Node) -> Node:
        while True:
            if self.took("."):
                node = self._named(node.get, self.take())
            elif self.took("@."):
                node = Node(_column(node.get, self.take()))
            elif self.took("["):
                node = _part(node.get, self.expression().get)
                self.expect("]")
            else:
                return node

    def _named(self, value: Get, name: str) -> Node:
        if not self.took("("):
            return _part(value, _constant(name))
        if name not in BUILT_IN:
            raise _unexpected(f"{name}(")
        arguments = self._list(")")
        return Node(lambda run: _called(run, value(run), name, [each(run) for each in arguments]))

    def _primary(self) -> Node:
        if self.kind == "number":
            digits = self.take()
            return Node(_constant(number(float(digits) if "." in digits else int(digits[:30]))))
        if self.kind == "text":
            return Node(_constant(_text(self.take())))
        if self.took("("):
            inner = self.expression()
            self.expect(")")
            return Node(inner.get)
        if self.took("["):
            items = self._list("]")
            return Node(lambda run: [item(run) for item in items])
        if self.took("{"):
            return self._object()
        return self._word()

    def _word(self) -> Node:
        if self.kind == "name" and self.word in _CONSTANTS:
            return Node(_constant(_CONSTANTS[self.take()]))
        name = self.name()
        if name == "API":
            return self._method()
        if name in _FUNCTIONS and self.took("("):
            convert, value = _FUNCTIONS[name], self.expression().get
            self.expect(")")
            return Node(lambda run: convert(value(run)))
        return _variable(name)

    def _method(self) -> Node:
        """``API.wall.get({...})``: the name of a method and one object, or nothing."""
        path = []
        while self.took("."):
            path.append(self.take())
        name = ".".join(path)
        self.expect("(")
        arguments = self._list(")")
        if not path or len(arguments) > 1:
            raise _unexpected(f"API.{name}")
        return Node(
            lambda run: run.method(name, arguments[0](run) if arguments else None),
        )

    def _list(self, end: str) -> list[Get]:
        items: list[Get] = []
        while not self.took(end):
            items.append(self.expression().get)
            if not self.took(","):
                self.expect(end)
                break
        return items

    def _object(self) -> Node:
        items: list[tuple[str, Get]] = []
        while not self.took("}"):
            if self.kind not in ("name", "text", "number"):
                raise _unexpected(self.word or "the end")
            key = _text(self.take()) if self.kind == "text" else self.take()
            self.expect(":")
            items.append((key, self.expression().get))
            if not self.took(","):
                self.expect("}")
                break
        return Node(lambda run: {key: value(run) for key, value in items})


def _block(statements: list[Do]) -> Do:
    def run_all(run: Run) -> None:
        for statement in statements:
            run.step()
            statement(run)

    return run_all


def _constant(value: Any) -> Get:
    return lambda run: value


def _variable(name: str) -> Node:
    def get(run: Run) -> Any:
        if name not in run.variables:
            raise VkError(13, f"{name} is not defined")
        return run.variables[name]

    return Node(get, lambda run, value: run.variables.__setitem__(name, value))


def _part(value: Get, key: Get) -> Node:
    return Node(
        lambda run: member(value(run), key(run)),
        lambda run, new: put(value(run), key(run), new),
    )


def _column(value: Get, name: str) -> Get:
    return lambda run: column(value(run), name)


def _called(run: Run, value: Any, name: str, arguments: list[Any]) -> Any:
    run.step()
    return call_on(value, name, arguments)


def _setting(target: Node, value: Get) -> Do:
    change = target.set
    if change is None:
        raise _unexpected("=")
    return lambda run: change(run, value(run))


def _between(sign: str, left: Get, right: Get) -> Get:
    operation = _SIGNS[sign]

    def get(run: Run) -> Any:
        run.step()
        return operation(left(run), right(run))

    return get


def _or(left: Get, right: Get) -> Get:
    def get(run: Run) -> Any:
        value = left(run)
        return value if truth(value) else right(run)

    return get


def _and(left: Get, right: Get) -> Get:
    def get(run: Run) -> Any:
        value = left(run)
        return right(run) if truth(value) else value

    return get


def _compared(order: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return order(left, right)
    return order(number(left), number(right))


def _text(quoted: str) -> str:
    """What stands between the quotes, with JSON's escapes."""
    inner = quoted[1:-1]
    if quoted[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"', strict=False))
    except ValueError:
        raise _unexpected(quoted[:20]) from None


def _unexpected(what: str) -> VkError:
    return VkError(12, f"unexpected {what}")
