"""The library of the stacks around the pipelines: what is deployed to which account, and how.

::

    from promote import load
    from promote.bootstrap import Bootstrap

    bootstrap = Bootstrap(load())
    bootstrap.apply(bootstrap.plan())
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from promote.core.bootstrap import Phase, Stack, StackPlan
from promote.core.events import Event
from promote.core.observation import Json
from promote.core.pipeline.names import Foundation, ledger_bucket, settings
from promote.core.status import Finding
from promote.core.topology import Topology
from promote.errors import InputError
from promote.pipeline.render import (
    FOUNDATION,
    ML_ACCOUNT,
    ORGANIZATION,
    pipeline_file,
    stacks,
    target_file,
)
from promote.ports import Clock
from promote.ports.formation import Entrance, Yard
from promote.wiring import new_promotion_id, open_yard, proving_renderer, system_clock
from promote.workflow.bootstrap import Bootstrapper
from promote.workflow.site import Announcer
from promote.workflow.stack_checks import stack_findings

if TYPE_CHECKING:
    import boto3

ROLE: Final = "OrganizationAccountAccessRole"
"""The role that AWS Organizations makes in the accounts that it creates."""
_LEDGER: Final = "CreateLedger"


class Bootstrap:
    """Deploys the stacks that promote.yaml asks for.

    Reads no environment when imported. Methods raise `promote.errors` only.

    Args:
        topology: What promote.yaml says.
        role: The name, with its path, of the role that each other account is entered by.
        profiles: Accounts that are entered by a profile of the AWS configuration instead.
        templates: A bucket for templates that are too large to be sent along, which every account
            may read; None is the foundation's, for the CI/CD account alone.
        only: The phases or names of stacks to deploy; none is all.
        session: Where the caller's own credentials come from; None is boto3's usual chain.
        clock: The time; None is the machine's.
        on_event: Told what happens, in order; an exception in it is logged and harms nothing.

    Raises:
        InputError: promote.yaml says nothing of pipelines, or nothing is called as in `only`.
    """

    def __init__(
        self,
        topology: Topology,
        *,
        role: str = ROLE,
        profiles: Mapping[str, str] | None = None,
        templates: str | None = None,
        only: Sequence[str] = (),
        session: boto3.Session | None = None,
        clock: Clock | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self._topology = topology
        self._role = role
        self._profiles = profiles or {}
        self._templates = templates
        self._session = session
        self._clock = clock or system_clock()
        self._announce = Announcer(on_event or (lambda _event: None))
        self.stacks = chosen(wanted_stacks(topology), only)

    @functools.cached_property
    def yard(self) -> Yard:
        """Every adapter, chosen for the topology."""
        return open_yard(
            self._topology,
            clock=self._clock,
            session_name=new_promotion_id(self._clock),
            session=self._session,
        )

    @functools.cached_property
    def entrances(self) -> dict[str, Entrance]:
        """How each account is reached, once it is known whose the caller's own credentials are."""
        return self.entrances_from(self.yard.identities.caller().account)

    def entrances_from(self, own: str | None) -> dict[str, Entrance]:
        """Return how each account is reached by somebody whose own account is `own`."""
        return {
            account: self._entrance(account, own)
            for account in sorted({each.account for each in self.stacks} | {self._cicd})
        }

    def plan(self) -> tuple[StackPlan, ...]:
        """Work out what is to be done to each stack; waits for those that are being changed.

        Raises:
            AccessDeniedError: An account cannot be entered.
            RefusedError: A stack is in a state that somebody has to look at.
        """
        return self._bootstrapper.plan(self.stacks)

    def discard(self, plans: Sequence[StackPlan]) -> None:
        """Drop what `plan` left for its execution."""
        self._bootstrapper.discard(plans)

    def apply(self, plans: Sequence[StackPlan]) -> None:
        """Carry plans out, phase by phase.

        Raises:
            FailedError: A stack failed and is as before.
            NeedsAttentionError: A stack failed and is not as before.
        """
        self._bootstrapper.apply(plans)

    def findings(self) -> tuple[Finding, ...]:
        """Say of each stack whether it is there and up to date; reads only."""
        return stack_findings(self._bootstrapper, self.stacks)

    @property
    def _cicd(self) -> str:
        return settings(self._topology).account

    @functools.cached_property
    def _bootstrapper(self) -> Bootstrapper:
        bucket = self._templates or Foundation(self._topology).artifacts
        return Bootstrapper(
            yard=self.yard,
            entrances=self.entrances,
            announce=self._announce,
            region=self._topology.region,
            staging=(self._cicd, bucket),
        )

    def _entrance(self, account: str, own: str | None) -> Entrance:
        profile = self._profiles.get(account)
        if profile is not None or account == own:
            return Entrance(account=account, profile=profile)
        return Entrance(account=account, role=f"arn:aws:iam::{account}:role/{self._role}")


def wanted_stacks(topology: Topology) -> tuple[Stack, ...]:
    """Return every stack that promote.yaml asks for, in the order of deployment.

    Raises:
        InputError: promote.yaml says nothing of pipelines.
    """
    files = stacks(topology, proving_renderer(topology))
    documents = {name: json.loads(text) for name, text in files.items()}
    order = list(Phase)
    found = sorted(_stacks(topology, documents), key=lambda each: order.index(each.phase))
    return tuple(found)


def chosen(wanted: Sequence[Stack], only: Sequence[str]) -> tuple[Stack, ...]:
    """Return the stacks of some phases, names or accounts; all if nothing is named.

    Raises:
        InputError: Nothing is called so.
    """
    known = {each.phase.value for each in wanted} | {each.name for each in wanted}
    known |= {each.account for each in wanted}
    for name in only:
        if name not in known:
            names = ", ".join(sorted(each for each in known if not each.isdigit()))
            text = f"No stack, phase or account is called {name}. There are: {names}."
            raise InputError("No such stack", text)
    return tuple(
        each
        for each in wanted
        if not only or {each.phase.value, each.name, each.account} & set(only)
    )


def _stacks(topology: Topology, documents: Mapping[str, Json]) -> Iterator[Stack]:
    cicd = settings(topology).account
    ledger = ledger_bucket(topology)
    where = None if ledger is None else (_LEDGER, ledger)
    yield Stack("promote-foundation", Phase.FOUNDATION, cicd, documents[FOUNDATION], where)
    yield Stack("promote-ml-account", Phase.ML_ACCOUNT, topology.ml.account, documents[ML_ACCOUNT])
    by_unit = [each for each in topology.environments if each.organizational_units]
    for environment in topology.environments:
        if environment not in by_unit:
            name = f"promote-target-{environment.name}"
            document = documents[target_file(environment.name)]
            for account in environment.accounts:
                yield Stack(name, Phase.TARGETS, account, document)
    if by_unit:
        document = _by_unit(documents[ORGANIZATION])
        yield Stack("promote-organization", Phase.TARGETS, _management(topology), document)
    for model in topology.models:
        document = documents[pipeline_file(model.name)]
        yield Stack(f"promote-pipeline-{model.name}", Phase.PIPELINE, cicd, document)


def _by_unit(document: Json) -> Json:
    """Leave the stack sets that go by unit: the other accounts have stacks of their own."""
    resources = document["Resources"]
    if not isinstance(resources, Mapping):
        return document
    kept = {
        name: each
        for name, each in resources.items()
        if each.get("Properties", {}).get("PermissionModel") == "SERVICE_MANAGED"
    }
    return {**document, "Resources": kept}


def _management(topology: Topology) -> str:
    """Return the account that manages stack sets for the organisation."""
    if topology.guardrails is None:
        raise InputError(
            "No account for stack sets",
            "An environment of promote.yaml has organizational_units, whose accounts get their "
            "roles from the organisation's management account, or from its delegated administrator "
            "for StackSets. promote.yaml does not say which account that is.",
            'Add it:\n    guardrails:\n      account: "999999999999"',
        )
    return topology.guardrails.account
