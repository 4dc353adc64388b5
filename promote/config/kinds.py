"""The types of values in promote.yaml: how each is read from raw text, and its JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from promote.config.problems import shown, suggestion
from promote.config.source import Scalar
from promote.core.topology import PLACEHOLDERS

JsonSchema = dict[str, object]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_WHOLE = re.compile("[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_DURATION = re.compile("([0-9]{1,6})([smhd])")
_ACCOUNT = re.compile("[0-9]{12}")


class UnusableError(ValueError):
    """A text that its key cannot use.

    Args:
        kept: What later checks may go on with, so that one mistake is reported once.
    """

    def __init__(self, message: str, kept: str | None = None) -> None:
        super().__init__(message)
        self.kept = kept


class Kind(Protocol):
    """One type of value."""

    def value(self, scalar: Scalar) -> object:
        """Convert a raw text.

        Raises:
            UnusableError: It is no value of this type; the message says what one looks like.
        """
        ...

    def schema(self) -> JsonSchema:
        """Describe the type in JSON Schema."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a fixed pattern."""

    expected: str
    pattern: str
    length: int = 255

    def value(self, scalar: Scalar) -> str:
        """Return the text itself."""
        if len(scalar.text) > self.length or re.fullmatch(self.pattern, scalar.text) is None:
            raise UnusableError(f"{shown(scalar.text)} is not {self.expected}", scalar.text)
        return scalar.text

    def schema(self) -> JsonSchema:
        """Describe it by its pattern."""
        return {"type": "string", "pattern": f"^{self.pattern}$", "maxLength": self.length}


@dataclass(frozen=True, slots=True)
class AccountId:
    """A quoted AWS account id."""

    def value(self, scalar: Scalar) -> str:
        """Return the twelve digits."""
        text = scalar.text
        if _ACCOUNT.fullmatch(text) is None:
            raise UnusableError(f"{shown(text)} is not an account id: twelve digits in quotes")
        if scalar.plain:
            reason = f'the account id {text} must be quoted ("{text}"): without quotes YAML'
            raise UnusableError(f"{reason} would turn 012345670123 into another number", text)
        return text

    def schema(self) -> JsonSchema:
        """Describe it by its pattern."""
        return {"type": "string", "pattern": f"^{_ACCOUNT.pattern}$"}


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number from `least` to `most`."""

    least: int
    most: int | None = None

    def value(self, scalar: Scalar) -> int:
        """Return the number."""
        if scalar.plain and _WHOLE.fullmatch(scalar.text):
            number = int(scalar.text)
            if number >= self.least and (self.most is None or number <= self.most):
                return number
        quoted = "" if scalar.plain else ", without quotes"
        raise UnusableError(f"expected {self._expected()}{quoted}, found {shown(scalar.text)}")

    def _expected(self) -> str:
        if self.most is None:
            return f"a whole number of at least {self.least}"
        return f"{self.least}"

    def schema(self) -> JsonSchema:
        """Describe it by its bounds."""
        if self.most is not None:
            return {"const": self.least}
        return {"type": "integer", "minimum": self.least}


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number from 0 to `most`, or one `between` two that are none of them."""

    most: float | None = None
    between: tuple[float, float] | None = None

    def value(self, scalar: Scalar) -> float:
        """Return the number."""
        if scalar.plain and _DECIMAL.fullmatch(scalar.text):
            number = float(scalar.text)
            within = self.between is None or self.between[0] < number < self.between[1]
            if within and (self.most is None or number <= self.most):
                return number
        quoted = "" if scalar.plain else ", without quotes"
        raise UnusableError(
            f"expected a number {self._expected()}{quoted}, found {shown(scalar.text)}"
        )

    def _expected(self) -> str:
        if self.between is not None:
            return f"above {self.between[0]:g} and below {self.between[1]:g}"
        return "of at least 0" if self.most is None else f"from 0 to {self.most}"

    def schema(self) -> JsonSchema:
        """Describe it by its bounds."""
        if self.between is not None:
            low, high = self.between
            return {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": high}
        bounds: JsonSchema = {"type": "number", "minimum": 0}
        return bounds if self.most is None else {**bounds, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time; `instant` says whether it may be none at all, `least` the shortest."""

    instant: bool = False
    least: str = "0s"

    def value(self, scalar: Scalar) -> timedelta:
        """Return the time."""
        length = _length(scalar.text)
        if length is None:
            reason = f"{shown(scalar.text)} is not a duration; write it like 30s, 5m, 24h or 7d"
            raise UnusableError(reason)
        if not length and not self.instant:
            raise UnusableError(f"{shown(scalar.text)} leaves no time at all")
        if length < (_length(self.least) or length):
            raise UnusableError(f"expected at least {self.least}, found {shown(scalar.text)}")
        return length

    def schema(self) -> JsonSchema:
        """Describe it by its pattern."""
        some = "" if self.instant else "(?!0+[smhd]$)"
        return {"type": "string", "pattern": f"^{some}[0-9]{{1,6}}[smhd]$"}


def _length(text: str) -> timedelta | None:
    match = _DURATION.fullmatch(text)
    return match and timedelta(seconds=int(match[1]) * UNITS[match[2]])


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words; `later` says for words not built yet what brings them."""

    words: tuple[str, ...]
    later: Mapping[str, str]

    def value(self, scalar: Scalar) -> str:
        """Return the word."""
        text = scalar.text
        if text in self.words:
            return text
        if text in self.later:
            raise UnusableError(f"{text!r} is not supported yet: it comes with {self.later[text]}")
        hint = suggestion(text, (*self.words, *self.later))
        raise UnusableError(f"expected {' or '.join(self.words)}, found {shown(text)}{hint}")

    def schema(self) -> JsonSchema:
        """Describe it by what can be chosen today."""
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Region:
    """An AWS Region in which the model service exists."""

    offering: str
    regions: tuple[str, ...]

    def value(self, scalar: Scalar) -> str:
        """Return the Region's name."""
        if scalar.text in self.regions:
            return scalar.text
        hint = suggestion(scalar.text, self.regions)
        where = f"{self.offering} exists in {', '.join(self.regions)} only"
        raise UnusableError(f"{shown(scalar.text)} will not do: {where}{hint}", scalar.text)

    def schema(self) -> JsonSchema:
        """Describe it by the list."""
        return {"enum": list(self.regions)}


@dataclass(frozen=True, slots=True)
class Template:
    """A text with placeholders, filled for each target."""

    placeholders: tuple[str, ...] = PLACEHOLDERS

    def value(self, scalar: Scalar) -> str:
        """Return the text, its placeholders not yet filled."""
        if not scalar.text:
            raise UnusableError("is empty")
        for fault in self._faults(scalar.text):
            raise UnusableError(fault)
        return scalar.text

    def _faults(self, text: str) -> Iterator[str]:
        allowed = " ".join(f"{{{each}}}" for each in self.placeholders)
        for match in _BRACES.finditer(text):
            name = match[0][1:-1]
            if len(match[0]) == 1:
                yield f"stray {match[0]!r} in {shown(text)}; {allowed} are filled"
            elif name in PLACEHOLDERS and name not in self.placeholders:
                yield f"{{{name}}} has no meaning here; {allowed} are filled"
            elif name not in PLACEHOLDERS:
                hint = suggestion(match[0], [f"{{{each}}}" for each in self.placeholders])
                yield f"unknown placeholder {shown(match[0])}{hint or f'; {allowed} are filled'}"

    def schema(self) -> JsonSchema:
        """Describe it by where braces may stand."""
        names = "|".join(self.placeholders)
        return {
            "type": "string",
            "minLength": 1,
            "pattern": rf"^[^{{}}]*(\{{({names})\}}[^{{}}]*)*$",
        }


@dataclass(frozen=True, slots=True)
class Location:
    """A path of files, or ``s3://`` where that will do."""

    s3: bool = False
    placeholders: tuple[str, ...] = ()

    def value(self, scalar: Scalar) -> str:
        """Return the path."""
        text = scalar.text
        path = text.removeprefix("s3://")
        if not path:
            raise UnusableError("is empty")
        # A path with a control character in it cannot be opened, or not be shown.
        if "://" in (path if self.s3 else text) or not text.isprintable():
            expected = "a path or s3://" if self.s3 else "a directory"
            raise UnusableError(f"expected {expected}, found {shown(text)}")
        allowed = {f"{{{each}}}" for each in self.placeholders}
        for braces in _BRACES.finditer(text):
            if braces[0] not in allowed:
                raise UnusableError(f"{shown(braces[0])} is not filled here{self._filled()}")
        return text

    def schema(self) -> JsonSchema:
        """Describe it by what it is not."""
        prefix = "(s3://)?" if self.s3 else ""
        filled = "".join(rf"|\{{{each}\}}" for each in self.placeholders)
        pattern = f"^{prefix}(?!.*://)([^{{}}]{filled})+$"
        return {"type": "string", "minLength": 1, "pattern": pattern}

    def _filled(self) -> str:
        if not self.placeholders:
            return ": write the path as it is"
        return ", only " + " and ".join(f"{{{each}}}" for each in self.placeholders)
