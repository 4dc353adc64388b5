"""Every error that `promote` raises, and the exit code that each one ends the command with.

::

    PromoteError                      1   a bug, unless a class below says otherwise
    ├── InputError                    2   usage, a malformed value
    │   ├── ConfigError               2   promote.yaml has problems (all of them, located)
    │   ├── PolicyError               2   a policy document outside the fragment that we accept
    │   ├── TemplateError             2   a template that does not render to a policy document
    │   └── PlanFileError             2   unreadable, changed, or not of this promote.yaml
    ├── DeclinedError                 3   a person said no
    ├── RefusedError                  4   a gate, a safety rule, or a check that found something
    │   ├── ProofError                4   a policy does not allow exactly what is planned
    │   └── QuotaError                4   a service quota leaves no room
    ├── StalePlanError                5   a fact that the plan rests on has changed
    │   └── PointerChangedError       5   the pointer moved between our reading and our write
    ├── AccessError                   6   denied, or no credentials
    │   ├── AccessDeniedError         6   a policy does not allow it (yet)
    │   │   └── ExplicitDenyError     6   a policy forbids it: waiting will not help
    │   └── CredentialsError          6   none found, expired, or of another account
    ├── NotFoundError                 7   the model, version, role or pointer does not exist
    ├── LockedError                   8   somebody else promotes this model
    │   └── UnfinishedError           8   an unfinished promotion of another version is in the way
    ├── FailedError                   9   failed, and everything is as before
    │   ├── WrongStateError           9   the version's present state does not allow the call
    │   ├── NotReadyError             9   the version does not run
    │   └── ImageError                9   the service refuses the image
    ├── NeedsAttentionError          11   says what is left and the command that finishes it
    ├── TryAgainError                75   throttled or out of time; the same command resumes
    │   ├── ThrottledError           75   the service asks us to slow down
    │   ├── DeadlineError            75   a wait reached its deadline
    │   └── LostResponseError        75   sent, but no answer came: the outcome is unknown
    └── InterruptedBySignalError    130   SIGINT (130) or SIGTERM (143), with the resume command

A `tests/architecture` test holds this drawing against the classes. Refused, failed and bug are
three things: a refusal changed nothing by design, a failure was put back, a bug is ours.
"""

from __future__ import annotations

from typing import ClassVar


class PromoteError(Exception):
    """The base of every error that reaches a user.

    Args:
        summary: One fixed, terse sentence naming the kind of problem, without a full stop.
        detail: Full sentences: what was measured, what was expected, why it matters.
        remedy: Prose and, indented by four spaces, the command that helps. May be empty.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, summary: str, detail: str = "", remedy: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.remedy = remedy

    def __str__(self) -> str:
        """Join summary and detail, for logs; the command line renders the parts itself."""
        return f"{self.summary}: {self.detail}" if self.detail else self.summary


class InputError(PromoteError):
    """What the user gave cannot be used as it is."""

    exit_code = 2


class ConfigError(InputError):
    """promote.yaml has problems.

    Args:
        problems: Every problem found, each as ``file:line:column: message``, in file order.
    """

    def __init__(self, summary: str, problems: tuple[str, ...], remedy: str = "") -> None:
        super().__init__(summary, "\n".join(problems), remedy)
        self.problems = problems


class PolicyError(InputError):
    """A policy document lies outside the strict fragment, or is no policy at all."""


class TemplateError(InputError):
    """A template cannot be rendered to exactly one policy document."""


class PlanFileError(InputError):
    """A plan file is unreadable, not canonical, of another digest, or no plan of promote.yaml."""


class DeclinedError(PromoteError):
    """A person was asked and said no."""

    exit_code = 3


class RefusedError(PromoteError):
    """A gate or a safety rule said no, or a check found something. Nothing was changed."""

    exit_code = 4


class ProofError(RefusedError):
    """A policy document does not allow exactly what is planned, or that cannot be shown."""


class QuotaError(RefusedError):
    """A service quota leaves no room for what was asked."""


class StalePlanError(PromoteError):
    """The world is no longer the one that the plan was made for."""

    exit_code = 5


class PointerChangedError(StalePlanError):
    """The pointer changed between our reading and our write."""


class AccessError(PromoteError):
    """We may not do this."""

    exit_code = 6


class AccessDeniedError(AccessError):
    """A call was denied because no policy allows it; right after a write it may be propagation."""


class ExplicitDenyError(AccessDeniedError):
    """A call was denied by a statement that forbids it, which no waiting changes."""


class CredentialsError(AccessError):
    """There are no credentials, or they have expired, or they are of another account."""


class NotFoundError(PromoteError):
    """Something that was named does not exist."""

    exit_code = 7


class LockedError(PromoteError):
    """Another promotion of this model holds the lock."""

    exit_code = 8


class UnfinishedError(LockedError):
    """An unfinished promotion of another version is in the way."""


class FailedError(PromoteError):
    """The promotion failed and everything is as it was before."""

    exit_code = 9


class WrongStateError(FailedError):
    """The service refuses the call in the version's present state (``ResourceInUse``)."""


class NotReadyError(FailedError):
    """The version is not running, so it cannot answer (``ResourceNotReady``)."""


class ImageError(FailedError):
    """The service refuses the image: its size, its format, its dimensions."""


class NeedsAttentionError(PromoteError):
    """Something is left over that a later command must finish."""

    exit_code = 11


class TryAgainError(PromoteError):
    """Nothing is wrong but the time; the same command resumes."""

    exit_code = 75


class ThrottledError(TryAgainError):
    """The service asks us to slow down."""


class DeadlineError(TryAgainError):
    """A wait reached its deadline."""


class LostResponseError(TryAgainError):
    """A request was sent and no answer came back, so its outcome must be observed."""


class InterruptedBySignalError(PromoteError):
    """A signal ended the command between two requests.

    Args:
        signal_number: 2 for SIGINT, 15 for SIGTERM; the exit code is 128 more.
    """

    exit_code = 130

    def __init__(
        self, summary: str, detail: str = "", remedy: str = "", *, signal_number: int = 2
    ) -> None:
        super().__init__(summary, detail, remedy)
        self.signal_number = signal_number
