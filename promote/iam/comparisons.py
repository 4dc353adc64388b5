"""How a value of a policy is compared with one of a request, and which values a policy may have.

IAM reference, "Condition operators". Numbers, dates and networks are read the same way on both
sides; what a request gives that cannot be read is a ValueError, never "different".
"""

from __future__ import annotations

import functools
import ipaddress
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from promote.arn import parse_arn
from promote.iam.patterns import arn_matcher, literal, text_matcher
from promote.iam.reading import Place

_CACHE = 4096
_NUMBER = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?", re.ASCII)
# W3C "Date and Time Formats", of which the ones without a time leave the hour and the zone open,
# and epoch seconds, of which less than five digits could be a year.
_DATE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH = re.compile(r"\d{5,11}", re.ASCII)
_EXPECTED_DATE = "a date such as 2026-01-31T08:00:00Z, or seconds since 1970 (five digits or more)"
_EXPECTED_NETWORK = (
    "a network such as 203.0.113.0/24 or 2001:db8::/32 without host bits, or an IPv4 address"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One way of comparing.

    Attributes:
        matches: Compares (the value of the policy, the value of the request); a ValueError says
            that the request's cannot be read.
        check: Refuses a value that a policy cannot have, at its place.
        arn: Whether values are ARNs, whose variables come after the fifth colon.
        text: Whether values are texts, the only ones that take policy variables.
        wildcards: Whether ``*`` and ``?`` are wildcards.
    """

    matches: Callable[[str, str], object]
    check: Callable[[str, Place], None]
    text: bool = False
    arn: bool = False
    wildcards: bool = False


def _equals(pattern: str, value: str) -> bool:
    return literal(pattern) == value


def _equals_ignoring_case(pattern: str, value: str) -> bool:
    return literal(pattern).lower() == value.lower()


def _like(pattern: str, value: str) -> object:
    return text_matcher(pattern)(value)


def _arn_like(pattern: str, value: str) -> object:
    return arn_matcher(pattern)(value)


def _same_truth(wanted: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        msg = f"{value!r} is neither true nor false"
        raise ValueError(msg)
    return wanted == value.lower()


def _contains(network: str, address: str) -> bool:
    return read_network(network).overlaps(_address(address))


def _ordered(
    read: Callable[[str], Any], compare: Callable[[Any, Any], bool]
) -> Callable[[str, str], bool]:
    return lambda wanted, value: compare(read(value), read(wanted))


@functools.lru_cache(_CACHE)
def read_number(text: str) -> Decimal:
    """Read an integer or a decimal number.

    Raises:
        ValueError: It is neither.
    """
    if _NUMBER.fullmatch(text) is None:
        msg = f"{text!r} is not a number"
        raise ValueError(msg)
    return Decimal(text)


@functools.lru_cache(_CACHE)
def read_date(text: str) -> datetime:
    """Read a date with time and zone, or epoch seconds; the result is aware of its zone.

    Raises:
        ValueError: It is neither.
    """
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    if _DATE.fullmatch(text) is None:
        msg = f"{text!r} is not a date"
        raise ValueError(msg)
    return datetime.fromisoformat(text)


@functools.lru_cache(_CACHE)
def read_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Read a network in CIDR notation, or an IPv4 address as a network of one.

    Raises:
        ValueError: It is neither; an IPv6 address without prefix, of which the IAM reference says
            "the default prefix value of /32", included.
    """
    if "/" not in text and ":" in text:
        msg = f"{text!r} is not a network"
        raise ValueError(msg)
    return ipaddress.ip_network(text)


@functools.lru_cache(_CACHE)
def _address(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(ipaddress.ip_address(text))


def _any_text(value: str, at: Place) -> None:
    """Accept every text."""


def _arn_pattern(value: str, at: Place) -> None:
    _readable(parse_arn, "an ARN, wildcards allowed, with all its six parts")(value, at)


def _truth(value: str, at: Place) -> None:
    if value not in ("true", "false"):
        raise at.refusal(value, "true or false", known=("true", "false"))


def _readable(read: Callable[[str], object], expected: str) -> Callable[[str, Place], None]:
    def check(value: str, at: Place) -> None:
        try:
            read(value)
        except ValueError as error:
            raise at.refusal(value, expected) from error

    return check


_number = _readable(read_number, "a number such as 3600 or -0.5")
_date = _readable(read_date, _EXPECTED_DATE)
_network = _readable(read_network, _EXPECTED_NETWORK)

TEXT = Comparison(_equals, _any_text, text=True)
TEXT_IGNORING_CASE = Comparison(_equals_ignoring_case, _any_text, text=True)
TEXT_LIKE = Comparison(_like, _any_text, text=True, wildcards=True)
# ArnEquals and ArnLike behave identically (IAM reference).
ARN = Comparison(_arn_like, _arn_pattern, text=True, arn=True, wildcards=True)
TRUTH = Comparison(_same_truth, _truth)
NETWORK = Comparison(_contains, _network)
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
"""How numbers and dates compare: the request's value with the policy's."""
NUMBERS = {name: Comparison(_ordered(read_number, of), _number) for name, of in ORDERS.items()}
DATES = {name: Comparison(_ordered(read_date, of), _date) for name, of in ORDERS.items()}
