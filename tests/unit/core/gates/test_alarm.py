"""The gate `alarm`: CloudWatch alarms that must be quiet."""

from __future__ import annotations

import pytest

from promote.core.gates import GateResult, Moment, Verdict
from promote.core.gates.alarm import Alarm, alarm, alarm_of

ACCOUNT, OTHER = "444444444444", "222222222222"
ADVICE = "let it measure something, or treat missing data as not breaching"
PREFIX = f"arn:aws:cloudwatch:us-east-1:{OTHER}:alarm"


def an_alarm(name: str = "errors", account: str = ACCOUNT) -> Alarm:
    return Alarm(account=account, name=name)


def judged(**states: str | None) -> GateResult:
    """Judge alarms of one account by their states."""
    return alarm({an_alarm(name): state for name, state in states.items()})


def named(text: str) -> Alarm:
    return alarm_of(text, ACCOUNT, region="us-east-1", accounts=(OTHER, ACCOUNT))


class TestAlarm:
    def test_passes_when_every_one_is_ok(self) -> None:
        result = judged(errors="OK", latency="OK")

        assert (result.gate, result.moment, result.verdict) == (
            "alarm",
            Moment.MOMENT,
            Verdict.PASS,
        )
        assert result.measured == "errors in 444444444444 is OK, latency in 444444444444 is OK"
        assert result.required == "errors in 444444444444 OK, latency in 444444444444 OK"

    @pytest.mark.parametrize("other", ["OK", "INSUFFICIENT_DATA", None])
    def test_fails_when_one_rings_whatever_the_others_do(self, other: str | None) -> None:
        result = judged(errors=other, latency="ALARM")

        assert result.verdict is Verdict.FAIL
        assert result.measured.startswith("latency in 444444444444 is in ALARM, errors in ")

    @pytest.mark.parametrize(
        ("state", "said"),
        [
            ("INSUFFICIENT_DATA", f"has INSUFFICIENT_DATA: {ADVICE}"),
            (None, "does not exist"),
            ("SNOOZED", "is 'SNOOZED', which is unknown"),
            ("ok", "is 'ok', which is unknown"),
            ("", "is '', which is unknown"),
        ],
    )
    def test_cannot_tell_from_any_other_state(self, state: str | None, said: str) -> None:
        result = judged(errors="OK", latency=state)

        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured == (f"latency in 444444444444 {said}, errors in 444444444444 is OK")

    def test_tells_the_same_alarm_of_two_accounts_apart(self) -> None:
        result = alarm({an_alarm(): "OK", an_alarm(account=OTHER): "ALARM"})

        assert result.verdict is Verdict.FAIL
        assert result.measured == "errors in 222222222222 is in ALARM, errors in 444444444444 is OK"

    def test_names_every_one_that_is_not_quiet_and_a_few_of_those_that_are(self) -> None:
        states = {an_alarm(account=str(10**11 + n)): "OK" for n in range(300)}
        states |= {an_alarm(f"latency-{n}"): "ALARM" for n in range(9)}
        result = alarm(states)

        assert result.measured.count("is in ALARM") == 9
        assert result.measured.endswith("errors in 100000000003 is OK, 296 more are OK")
        assert result.required.endswith("errors in 100000000003 OK, 305 more OK")

    def test_cannot_tell_when_none_was_looked_at(self) -> None:
        for why, said in (("", "no alarm was looked at"), ("Access denied", "Access denied")):
            result = alarm({}, why=why)
            assert (result.verdict, result.measured) == (Verdict.INCONCLUSIVE, said)
            assert result.required == "every alarm OK"


class TestAlarmOf:
    def test_a_name_is_one_of_the_account(self) -> None:
        assert named("storefront-errors") == an_alarm("storefront-errors")

    @pytest.mark.parametrize("name", ["errors", "a:b", "team/alarm:1", "5xx über 1 %"])
    def test_an_arn_is_one_of_its_own_account(self, name: str) -> None:
        assert named(f"{PREFIX}:{name}") == an_alarm(name, OTHER)

    @pytest.mark.parametrize("name", ["", "a\nb", "a\x7f", "\x00", "x" * 256])
    def test_what_cloudwatch_calls_no_alarm_is_refused(self, name: str) -> None:
        for text in (name, f"{PREFIX}:{name}"):
            with pytest.raises(ValueError, match="is not the name of an alarm: 1 to 255 char"):
                named(text)

    def test_a_name_of_any_other_length_will_do(self) -> None:
        assert named("x" * 255) == an_alarm("x" * 255)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("arn:aws:cloudwatch", "is not an ARN"),
            ("arn:aws:sns:us-east-1:222222222222:errors", "is not the ARN of an alarm"),
            (f"{PREFIX}-rule:errors", "is not the ARN of an alarm"),
            (PREFIX.replace("east", "west") + ":errors", "is in 'us-west-1', but the models are"),
            (PREFIX.replace("2222", "9999") + ":errors", "in account '999999999999', which is ne"),
            (PREFIX.replace(OTHER, "") + ":errors", "in account '', which is neither the ML acc"),
        ],
    )
    def test_an_arn_that_nobody_looks_at_is_refused(self, text: str, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            named(text)
