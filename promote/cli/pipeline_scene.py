"""What `promote pipeline simulate` plays with: a configuration, an organisation, its people."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from promote.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from promote.core.pipeline.names import Names
    from promote.core.topology import Topology
    from promote.sandbox.spectator import Spectator
    from promote.sandbox.world import World

MODEL: Final = "tools"
VERSION: Final = "v2"
STARTER: Final = "promoter"
APPROVER: Final = "alice"

_PIPELINE = """\

ledger: s3://promote-ledger-111111111111

pipeline:
  account: "111111111111"            # of the CI/CD
  notify: [mlops@example.com]

ml:
"""
_PRODUCTION = """\
    waves: [1, 100%]
    gates: {approval: 1}
"""
HASTE: Final = {"start_seconds": 1.0, "stop_seconds": 0.5, "propagation_seconds": 0.3}
"""What takes a while at AWS, in seconds; here it is the stages that are to be watched."""
_SHORTER = {
    "drain: 5s ": "drain: 1s ",
    "drain: 5s\n": "drain: 1s\n",
    "{consecutive: 3,": "{consecutive: 1,",
}


def write_scene(directory: Path) -> None:
    """Write promote.yaml with a pipeline and an approval, and the golden images.

    Raises:
        InputError: There is a promote.yaml.
    """
    from promote.cli.sandbox_example import EXAMPLE
    from promote.sandbox.images import write_golden

    path = directory / "promote.yaml"
    if path.exists():
        raise InputError(
            "There is a promote.yaml already",
            f"The simulation writes its own {path}, and not over yours.",
            "Leave --directory out, or name an empty one.",
        )
    text = EXAMPLE.replace("\nml:\n", _PIPELINE, 1) + _PRODUCTION
    for before, after in _SHORTER.items():
        text = text.replace(before, after)
    directory.mkdir(parents=True, exist_ok=True)
    write_golden(directory / "golden")
    path.write_text(text, encoding="utf-8")


def world_before(topology: Topology, names: Names) -> World:
    """Return the organisation before the stacks: without the roles and the bucket they make."""
    from promote.bootstrap import wanted_stacks
    from promote.cli.sandbox_world import world_of
    from promote.core.pipeline.names import ledger_bucket

    made = {
        (stack.account, each["Properties"]["RoleName"])
        for stack in wanted_stacks(topology)
        for each in json.loads(stack.template)["Resources"].values()
        if each["Type"] == "AWS::IAM::Role"
    }
    world = world_of(topology, None)
    rights = {"start": _rights(topology, names)}
    return replace(
        world,
        roles=tuple(each for each in world.roles if (each.account, each.name) not in made),
        buckets=tuple(each for each in world.buckets if each.name != ledger_bucket(topology)),
        users=tuple(
            replace(each, inline={**each.inline, **rights}) if each.login == STARTER else each
            for each in world.users
        ),
    )


def settle_in(topology: Topology, names: Names, spectator: Spectator) -> None:
    """Do what the stacks leave to others.

    Give the approver the policy that they made, let who starts read the accounts, and allow the
    version that the pointers name already.
    """
    from promote.cli.sandbox_world import PROMOTER, world_of

    spectator.attach(APPROVER, names.approver)
    targets = [each.account for each in topology.all_targets(names.model)]
    for account in dict.fromkeys([topology.ml.account, *targets]):
        spectator.trust(f"arn:aws:iam::{account}:role/promote-reader", PROMOTER)
    access = {each.access_role for each in topology.all_targets(names.model)}
    for role in world_of(topology, None).roles:
        arn = f"arn:aws:iam::{role.account}:role/{role.name}"
        if arn in access:
            spectator.permit(arn, role.inline)


def _rights(topology: Topology, names: Names) -> Mapping[str, Any]:
    """Return what somebody needs who starts the pipeline and reads the records."""
    from promote.core.pipeline.names import ledger_bucket

    foundation, ledger = names.foundation, f"arn:aws:s3:::{ledger_bucket(topology)}"
    request = f"arn:aws:s3:::{foundation.artifacts}/{names.request}"
    execution = [
        "codepipeline:GetPipeline",
        "codepipeline:GetPipelineExecution",
        "codepipeline:ListActionExecutions",
        "codepipeline:ListPipelineExecutions",
        "codepipeline:StartPipelineExecution",
    ]
    keys = foundation.arn("kms", "key/*")
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow(execution, names.arn),
            _allow(["s3:PutObject"], request),
            _allow(["s3:GetObject"], f"{ledger}/*"),
            _allow(["s3:ListBucket"], ledger),
            _allow(["kms:GenerateDataKey", "kms:Decrypt"], keys),
        ],
    }


def _allow(actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}
