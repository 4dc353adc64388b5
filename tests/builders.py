"""Small worlds to decide about: every builder has good defaults, and a test changes what it means.

The world as it comes: ML account 222222222222 with the project tools-detector; v1 runs and v2 is
trained; qa (333333333333) and then prod (444444444444, 555555555555) have named v1 for an hour.
A version is given by its name (``v2``) or by any ARN or text that a pointer may hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from promote.arn import parse_arn
from promote.core.change import change
from promote.core.gates import GateResult, Moment, Verdict
from promote.core.observation import (
    AccessRoleState,
    Json,
    Observation,
    PointerState,
    PointerValue,
)
from promote.core.parts import MlAccount, Model, PointerAddress, Smoke
from promote.core.perimeter import DataLake, Guardrails, Pipeline
from promote.core.plan import (
    Cost,
    Drain,
    Grant,
    Made,
    Plan,
    PlannedTarget,
    Prove,
    Request,
    Revoke,
    Start,
    Step,
    Stop,
    Switch,
)
from promote.core.record import LedgerState
from promote.core.topology import Environment, Target, Topology
from promote.core.version import ModelVersion, Status

ML = "222222222222"
QA = "333333333333"
PROD = ("444444444444", "555555555555")
REGION = "us-east-1"
PROJECT = "tools-detector"
PROJECT_ARN = f"arn:aws:rekognition:{REGION}:{ML}:project/{PROJECT}/1767225600000"
PROMOTER = "arn:aws:sts::111111111111:assumed-role/release/alice"
POLICY = "promote-tools"
POINTER = "/models/tools/version-arn"
LAKE = "666666666666"
MANAGEMENT = "999999999999"
DATA_LAKE = DataLake(
    account=LAKE,
    bucket="tools-images",
    kms_key=f"arn:aws:kms:{REGION}:{LAKE}:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    trainers=(f"arn:aws:iam::{ML}:role/trainer",),
)
CICD = "111111111111"
PIPELINE = Pipeline(account=CICD, notify=("mlops@example.com",), boundary="promote-boundary")
GUARDRAILS = Guardrails(
    account=MANAGEMENT,
    role=f"arn:aws:iam::{MANAGEMENT}:role/promote-guardrails",
    targets=(ML,),
    exempt=(f"arn:aws:iam::{ML}:role/break-glass",),
)

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
_Writing = TypeVar("_Writing", Grant, Revoke)
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def version_arn(name: str, *, project: str = PROJECT, account: str = ML) -> str:
    """Return the ARN of a version, the same for the same name; an ARN stays as it is."""
    if name.startswith("arn:"):
        return name
    moment = int(_created(name).timestamp() * 1000)
    return f"arn:aws:rekognition:{REGION}:{account}:project/{project}/version/{name}/{moment}"


def a_version(name: str = "v1", *, project: str = PROJECT, **changes: Any) -> ModelVersion:
    """Build a version, RUNNING with one unit; `v2` is created a day after `v1`."""
    version = ModelVersion(
        arn=version_arn(name, project=project),
        name=name,
        project=project,
        status=Status.RUNNING,
        created_at=_created(name),
        min_units=1,
        max_units=None,
        f1=0.9,
    )
    return replace(version, **changes)


def a_trained_version(name: str = "v2", **changes: Any) -> ModelVersion:
    """Build a version that was trained and never ran."""
    never_ran = {"status": Status.TRAINING_COMPLETED, "min_units": None}
    return a_version(name, **{**never_ran, **changes})


def a_model(**changes: Any) -> Model:
    """Build the model tools."""
    return replace(Model(name="tools", project=PROJECT), **changes)


def an_environment(name: str = "qa", **changes: Any) -> Environment:
    """Build an environment with every role configured and `{model}-{environment}` for access."""
    environment = Environment(
        name=name,
        accounts=(QA,),
        access_role="{model}-{environment}",
        pointer=PointerAddress(name="/models/{model}/version-arn"),
        reader_role="promote-reader",
        operator_role="promote-operator-{environment}",
        deployer_role="promote-deployer",
        smoke_role="promote-smoke",
        external_id="tools",
        consumers=("arn:aws:iam::{account}:role/storefront",),
        drain=timedelta(seconds=30),
        smoke=Smoke(images="golden/"),
    )
    return replace(environment, **changes)


def qa(**changes: Any) -> Environment:
    """Build the environment qa."""
    return an_environment("qa", **changes)


def prod(**changes: Any) -> Environment:
    """Build the environment prod: two accounts, after qa, drained for five minutes."""
    defaults = {"accounts": PROD, "after": ("qa",), "drain": timedelta(minutes=5)}
    return an_environment("prod", **{**defaults, **changes})


def a_topology(*environments: Environment, **changes: Any) -> Topology:
    """Build a topology; without environments it has qa and prod."""
    topology = Topology(
        region=REGION,
        ml=MlAccount(account=ML),
        models=(a_model(),),
        environments=environments or (qa(), prod()),
    )
    return replace(topology, **changes)


def a_pointer(
    *values: str, changed_at: datetime = NOW - HOUR, apart: timedelta = timedelta(days=1)
) -> PointerState:
    """Build a pointer that named these one after the other; no value is no pointer.

    It took the last at `changed_at` and each earlier one `apart` before the next.
    """
    last = len(values) - 1
    return PointerState(
        history=tuple(
            PointerValue(
                value=_spelt_out(value),
                revision=index + 1,
                changed_at=changed_at - (last - index) * apart,
                changed_by=PROMOTER,
            )
            for index, value in enumerate(values)
        )
    )


def a_grant(*versions: str, action: str = "rekognition:DetectCustomLabels") -> Json:
    """Build a policy document that allows these versions, or any other resource patterns."""
    resources = [_spelt_out(version) for version in versions]
    statement = {"Effect": "Allow", "Action": [action], "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}


def a_trust(*targets: Target) -> Json:
    """Build the trust policy that lets the consumers and smoke roles of these targets in."""
    accounts = sorted({target.account for target in targets})
    callers = {c for t in targets for c in (*t.consumers, t.smoke_role) if c is not None}
    condition: dict[str, object] = {"ArnEquals": {"aws:PrincipalArn": sorted(callers)}}
    external_ids = sorted({t.external_id for t in targets if t.external_id is not None})
    if external_ids:
        condition["StringEquals"] = {"sts:ExternalId": external_ids}
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def an_access_role(*targets: Target, versions: tuple[str, ...] = ("v1",)) -> AccessRoleState:
    """Build the access role that these targets share; granting none, it has no policy at all."""
    return AccessRoleState(
        arn=targets[0].access_role,
        trust=a_trust(*targets),
        inline={targets[0].policy_name: a_grant(*versions)} if versions else {},
    )


def access_roles(
    topology: Topology, *, model: str = "tools", versions: tuple[str, ...] = ("v1",)
) -> dict[str, AccessRoleState]:
    """Build every access role of a model, each granting `versions`."""
    users: dict[str, list[Target]] = {}
    for target in topology.all_targets(model):
        users.setdefault(target.access_role, []).append(target)
    return {arn: an_access_role(*targets, versions=versions) for arn, targets in users.items()}


def an_observation(
    topology: Topology | None = None,
    *,
    model: str = "tools",
    pointers: Mapping[str, PointerState] | None = None,
    roles: Mapping[str, AccessRoleState] | None = None,
    **changes: Any,
) -> Observation:
    """Build an observation of a topology.

    `pointers` are by account id, `roles` by the name of the role; both change the default world,
    in which every pointer names v1 and every role grants it.
    """
    topology = topology or a_topology()
    given = {} if pointers is None else pointers
    named = access_roles(topology, model=model)
    named |= {arn: roles[name] for arn in named if roles and (name := parse_arn(arn).name) in roles}
    versions = changes.pop("versions", (a_trained_version("v2"), a_version("v1")))
    observation = Observation(
        at=NOW,
        model=model,
        project_arn=PROJECT_ARN,
        versions=versions,
        occupants=tuple(version for version in versions if version.status.occupies_slot),
        pointers={
            target: given.get(target.account, a_pointer("v1"))
            for target in topology.all_targets(model)
        },
        roles=named,
        ledger=LedgerState(),
    )
    return replace(observation, **changes)


def without_role(observation: Observation, name: str) -> Observation:
    """Take an access role out of the world, given by its name."""
    roles = {arn: role for arn, role in observation.roles.items() if parse_arn(arn).name != name}
    return replace(observation, roles=roles)


def a_request(**changes: Any) -> Request:
    """Build the request to promote v2 to prod."""
    request = Request(
        model="tools",
        version=version_arn("v2"),
        environment="prod",
        requested_by=PROMOTER,
        reason="two new labels",
    )
    return replace(request, **changes)


def a_gate(**changes: Any) -> GateResult:
    """Build the gate `verified`, passed."""
    gate = GateResult(
        gate="verified",
        moment=Moment.EVIDENCE,
        verdict=Verdict.PASS,
        measured="verification passed at 2026-03-02T13:00:00+00:00",
        required="a passed verification in qa",
    )
    return replace(gate, **changes)


def a_plan(**changes: Any) -> Plan:
    """Build the plan that promotes v2 to prod, with one step of every kind at least."""
    steps = changes.pop("steps", every_step())
    plan = Plan(
        made=Made(at=NOW, tool="promote 0.1.0"),
        request=a_request(),
        targets=tuple(a_planned_target(account) for account in PROD),
        gates=(a_gate(),),
        facts=(),
        steps=steps,
        cost=Cost(before=4.0, during=8.0, after=4.0)
        if steps
        else Cost(before=4, during=4, after=4),
        changes=sum(step.step not in {"prove", "drain"} for step in steps),
    )
    return replace(plan, **changes)


def a_planned_target(account: str = PROD[0], **changes: Any) -> PlannedTarget:
    """Build a target whose pointer named v1."""
    target = PlannedTarget(account=account, pointer=POINTER, role=_ROLE, before=version_arn("v1"))
    return replace(target, **changes)


def every_step() -> tuple[Step, ...]:
    """Build the steps from v1 to v2 in prod, in their order."""
    return (
        a_start(),
        a_grant_step(),
        *(a_prove(account=account) for account in PROD),
        *(a_switch(account=account) for account in PROD),
        a_drain(),
        a_revoke(),
        a_stop(),
    )


def a_start(**changes: Any) -> Start:
    """Build the start of v2 with one unit."""
    start = Start(
        environment="prod",
        version=version_arn("v2"),
        min_units=1,
        max_units=None,
        deadline=1800.0,
    )
    return replace(start, **changes)


def a_grant_step(**changes: Any) -> Grant:
    """Build the grant of v2 beside v1."""
    grant = Grant(
        environment="prod",
        accounts=PROD,
        role=_ROLE,
        policy=POLICY,
        version=version_arn("v2"),
        before=a_grant("v1"),
        after=a_grant("v1", "v2"),
        adds=(),
        removes=(),
        undo=a_grant("v1"),
    )
    return _stating(replace(grant, **changes), changes)


def a_prove(**changes: Any) -> Prove:
    """Build the proof of v2 from one account."""
    prove = Prove(
        environment="prod",
        account=PROD[0],
        role=_ROLE,
        version=version_arn("v2"),
        consecutive=3,
        deadline=300.0,
        images="golden/",
        min_accuracy=0.9,
    )
    return replace(prove, **changes)


def a_switch(**changes: Any) -> Switch:
    """Build the switch of one account from v1 to v2."""
    switch = Switch(
        environment="prod",
        account=PROD[0],
        pointer=POINTER,
        version=version_arn("v2"),
        wave=1,
        revision=1,
        before=version_arn("v1"),
        undo=version_arn("v1"),
    )
    return replace(switch, **changes)


def a_drain(**changes: Any) -> Drain:
    """Build the drain of prod."""
    return replace(Drain(environment="prod", accounts=PROD, seconds=300.0), **changes)


def a_revoke(**changes: Any) -> Revoke:
    """Build the revocation of v1."""
    revoke = Revoke(
        environment="prod",
        accounts=PROD,
        role=_ROLE,
        policy=POLICY,
        version=version_arn("v2"),
        before=a_grant("v1", "v2"),
        after=a_grant("v2"),
        adds=(),
        removes=(),
        revoked=(version_arn("v1"),),
    )
    return _stating(replace(revoke, **changes), changes)


def a_stop(**changes: Any) -> Stop:
    """Build the stop of v1."""
    stop = Stop(environment="prod", version=version_arn("v1"), deadline=1800.0)
    return replace(stop, **changes)


def _stating(step: _Writing, changes: Mapping[str, Any]) -> _Writing:
    """State what a step changes, as the planner does, unless the test states it."""
    found = change(step.before, step.after)
    adds, removes = changes.get("adds", found.adds), changes.get("removes", found.removes)
    return replace(step, adds=adds, removes=removes)


_ROLE = f"arn:aws:iam::{ML}:role/tools-prod"


def _spelt_out(text: str) -> str:
    return version_arn(text) if re.fullmatch(r"v\d+", text) else text


def _created(name: str) -> datetime:
    digits = re.sub(r"\D", "", name)
    return _FIRST_DAY + timedelta(days=int(digits or 0))
