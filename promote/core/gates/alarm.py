"""The gate `alarm`: CloudWatch alarms that must be quiet."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from promote.arn import parse_arn
from promote.core.gates.result import GateResult, Moment, Verdict

QUIET = "OK"
RINGING = "ALARM"
_NO_DATA = "INSUFFICIENT_DATA"
# CloudWatch API Reference, "PutMetricAlarm", AlarmName.
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,255}")
_SHOWN = 60
_LISTED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm, in the Region of promote.yaml."""

    account: str
    name: str

    def __str__(self) -> str:
        """Name the alarm for people: ``storefront-errors in 444444444444``."""
        return f"{self.name} in {self.account}"


def alarm_of(text: str, account: str, *, region: str, accounts: Collection[str]) -> Alarm:
    """Return the alarm that a text names: by its ARN, or by its name in an account.

    Args:
        text: What promote.yaml says, its placeholders filled.
        account: Where an alarm is that is given by its name.
        region: The Region of promote.yaml, where alarms are looked at.
        accounts: The ML account and those of the environment, where a role of its reads.

    Raises:
        ValueError: It is not the name of an alarm, or the ARN of none that is looked at.
    """
    name = text
    if text.startswith("arn:"):
        parsed = parse_arn(text)
        kind, _, name = parsed.resource.partition(":")
        if (parsed.service, kind) != ("cloudwatch", "alarm"):
            expected = "arn:aws:cloudwatch:region:account:alarm:name"
            raise ValueError(f"{text!r} is not the ARN of an alarm: {expected}")
        if parsed.region != region:
            raise ValueError(f"{text} is in {parsed.region!r}, but the models are in {region}")
        account = parsed.account
    if _NAME.fullmatch(name) is None:
        rule = "1 to 255 characters, none of them a control character"
        raise ValueError(f"{_shown(name)} is not the name of an alarm: {rule}")
    if account not in accounts:
        wanted = "neither the ML account nor one of the environment's"
        raise ValueError(f"{text} is in account {account!r}, which is {wanted}")
    return Alarm(account=account, name=name)


def alarm(states: Mapping[Alarm, str | None], *, why: str = "") -> GateResult:
    """Judge alarms: every one must be OK.

    One in ALARM fails. INSUFFICIENT_DATA, an alarm that does not exist and a state that CloudWatch
    did not have when this was written are inconclusive: nobody watches, so nobody can say.

    Args:
        states: What `DescribeAlarms` says of each alarm; None is one that does not exist.
        why: Why no alarm could be looked at.
    """
    ringing = [each for each, state in states.items() if state == RINGING]
    silent = [each for each, state in states.items() if state not in (QUIET, RINGING)]
    quiet = [each for each, state in states.items() if state == QUIET]
    words = [f"{each} is in {RINGING}" for each in ringing]
    words += [f"{each} {_silence(states[each])}" for each in silent]
    words += _few([f"{each} is OK" for each in quiet], "more are OK")
    unclear = Verdict.INCONCLUSIVE if silent or not states else Verdict.PASS
    return GateResult(
        gate="alarm",
        moment=Moment.MOMENT,
        verdict=Verdict.FAIL if ringing else unclear,
        measured=", ".join(words) or why or "no alarm was looked at",
        required=", ".join(_few([f"{each} OK" for each in states], "more OK")) or "every alarm OK",
    )


def _few(texts: list[str], more: str) -> list[str]:
    """Keep a few texts and count the others: an environment may have hundreds of accounts."""
    rest = len(texts) - _LISTED
    return texts if rest <= 0 else [*texts[:_LISTED], f"{rest} {more}"]


def _shown(name: str) -> str:
    return repr(name if len(name) <= _SHOWN else name[:_SHOWN] + "…")


def _silence(state: str | None) -> str:
    if state is None:
        return "does not exist"
    if state == _NO_DATA:
        return f"has {_NO_DATA}: let it measure something, or treat missing data as not breaching"
    return f"is {state!r}, which is unknown"
