"""Parameters of a call: all of them text, read strictly."""

from __future__ import annotations

from collections.abc import Mapping

from claqueur.vkserver.refusals import VkError

_TRUE, _FALSE = ("1", "true", "True"), ("", "0", "false", "False")


class Params:
    """The parameters given, and what each must look like; anything else is error 100."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def text(self, name: str, default: str | None = None) -> str:
        """A parameter as it is; required where there is no default."""
        value = self._given.get(name, "")
        if value or default is not None:
            return value or str(default)
        raise wrong(f"{name} is undefined")

    def given(self, name: str) -> bool:
        """Whether it is there and not empty."""
        return bool(self._given.get(name))

    def whole(
        self,
        name: str,
        default: int | None = None,
        low: int | None = None,
        high: int | None = None,
    ) -> int:
        """A whole number within bounds."""
        text = self.text(name, None if default is None else str(default))
        try:
            value = int(text)
        except ValueError:
            raise wrong(f"{name} is not an integer") from None
        if low is not None and value < low:
            raise wrong(f"{name} should be greater or equal to {low}")
        if high is not None and value > high:
            raise wrong(f"{name} should be less or equal to {high}")
        return value

    def page(self, default: int, most: int) -> tuple[int, int]:
        """Offset and count of a list."""
        return self.whole("offset", 0, 0), self.whole("count", default, 0, most)

    def flag(self, name: str) -> bool:
        """0 or 1, also as JSON writes it."""
        value = self._given.get(name, "")
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise wrong(f"{name} is not a boolean")

    def one_of(self, name: str, known: tuple[str, ...], default: str | None = None) -> str:
        """One of some words."""
        value = self.text(name, default)
        if value in known:
            return value
        raise wrong(f"{name} should be one of {', '.join(known)}")

    def many(self, name: str, most: int) -> list[str]:
        """Values with commas between them."""
        values = [part.strip() for part in self.text(name).split(",") if part.strip()]
        if len(values) > most:
            raise wrong(f"{name} should contain at most {most} values")
        return values


def wrong(detail: str) -> VkError:
    """The answer that a parameter is wrong."""
    return VkError(100, detail)
