"""What everything around the pipelines is called, so that each part can name the others.

All of it follows from promote.yaml, but for the id of the KMS key, which only KMS knows: `KEY_ID`
stands for it until the templates put the foundation's export in its place.
"""

from __future__ import annotations

from dataclasses import dataclass

from promote.core.perimeter import Pipeline
from promote.core.pipeline.shape import StageKind
from promote.core.topology import Topology
from promote.errors import InputError

KEY_ID = "00000000-0000-0000-0000-000000000000"
KEY_EXPORT = "promote-key-arn"
"""Under which name the foundation stack exports the ARN of its key."""
KEY_ALIAS = "alias/promote"
TOPIC = "promote-notifications"
DEAD_LETTERS = "promote-undelivered"
PATH = "/promote/"
"""The path of every role and policy that is made in the CI/CD account."""

_OF_ALL_ENVIRONMENTS = frozenset({StageKind.VALIDATE, StageKind.RETIRE})
# Of a pipeline's name CodePipeline takes so many characters for the folder of its artifacts.
_FOLDER = 20


def settings(topology: Topology) -> Pipeline:
    """Return what promote.yaml says of pipelines.

    Raises:
        InputError: It says nothing of them.
    """
    if topology.pipeline is not None:
        return topology.pipeline
    raise InputError(
        "No pipeline in promote.yaml",
        "promote.yaml does not say in which account the pipelines are.",
        'Add, with the id of your own:\n    pipeline:\n      account: "111111111111"',
    )


@dataclass(frozen=True, slots=True)
class Foundation:
    """What the pipelines of one account and Region share."""

    topology: Topology

    @property
    def account(self) -> str:
        """The CI/CD account."""
        return settings(self.topology).account

    @property
    def artifacts(self) -> str:
        """The bucket of requests and artifacts."""
        return f"promote-artifacts-{self.account}-{self.topology.region}"

    @property
    def access_logs(self) -> str:
        """The bucket in which S3 logs who used the others."""
        return f"promote-access-logs-{self.account}-{self.topology.region}"

    @property
    def key(self) -> str:
        """The ARN of the KMS key, with `KEY_ID` for its id."""
        return self.arn("kms", f"key/{KEY_ID}")

    @property
    def topic(self) -> str:
        """The ARN of the topic of notifications."""
        return self.arn("sns", TOPIC)

    @property
    def dead_letters(self) -> str:
        """The ARN of the queue of what could not be delivered."""
        return self.arn("sqs", DEAD_LETTERS)

    @property
    def pipelines(self) -> str:
        """The pattern of what everything of every pipeline is called."""
        return self.topology.fill(settings(self.topology).name, model="*").rstrip("*") + "*"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something in the CI/CD account and Region."""
        return f"arn:aws:{service}:{self.topology.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class Build:
    """One CodeBuild project, and the role of the same name that it runs with."""

    name: str
    kind: StageKind
    environment: str | None = None

    @property
    def suffix(self) -> str:
        """What sets its name apart from the others of its pipeline."""
        return "-".join((self.kind.value, *((self.environment,) if self.environment else ())))


@dataclass(frozen=True, slots=True)
class Names:
    """What belongs to the pipeline of one model."""

    topology: Topology
    model: str

    @property
    def foundation(self) -> Foundation:
        """What it shares with the other pipelines."""
        return Foundation(self.topology)

    @property
    def pipeline(self) -> str:
        """The pipeline itself."""
        return self.topology.fill(settings(self.topology).name, model=self.model)

    @property
    def sweep(self) -> str:
        """The project that retires what is due beside the executions."""
        return f"{self.pipeline}-sweep"

    @property
    def request(self) -> str:
        """The key of the object that an execution begins with, in the bucket of artifacts."""
        return f"requests/{self.model}.zip"

    @property
    def folder(self) -> str:
        """How the keys of its artifacts begin."""
        return self.pipeline if len(self.pipeline) < _FOLDER else self.pipeline[:_FOLDER]

    @property
    def artifacts(self) -> str:
        """The pattern of the ARNs of its artifacts."""
        below = f"{self.folder}/*" if len(self.pipeline) <= _FOLDER else f"{self.folder}*/*"
        return f"arn:aws:s3:::{self.foundation.artifacts}/{below}"

    @property
    def arn(self) -> str:
        """The ARN of the pipeline."""
        return self.foundation.arn("codepipeline", self.pipeline)

    @property
    def approver(self) -> str:
        """The ARN of the managed policy of those who approve."""
        return f"arn:aws:iam::{self.foundation.account}:policy{PATH}{self.pipeline}-approver"

    def build(self, kind: StageKind, environment: str | None = None) -> Build:
        """Return the project that does what a kind of stage is for."""
        of = None if kind in _OF_ALL_ENVIRONMENTS else environment
        suffix = f"-{of}" if of else ""
        return Build(f"{self.pipeline}-{kind.value}{suffix}", kind, of)

    def builds(self) -> tuple[Build, ...]:
        """Return every project of the pipeline, in the order of its first stage; not the sweep."""
        found = [self.build(StageKind.VALIDATE)]
        for each in self.topology.environments:
            kinds = (StageKind.PLAN, StageKind.PROMOTE, StageKind.VERIFY)
            found += [self.build(kind, each.name) for kind in kinds]
        return (*found, self.build(StageKind.RETIRE))

    def role(self, name: str) -> str:
        """Return the ARN of a role of the pipeline by its whole name."""
        return f"arn:aws:iam::{self.foundation.account}:role{PATH}{name}"

    def role_of(self, kind: StageKind, environment: str | None = None) -> str:
        """Return the ARN of the role that a kind of build runs with."""
        return self.role(self.build(kind, environment).name)

    def project(self, name: str) -> str:
        """Return the ARN of a project."""
        return self.foundation.arn("codebuild", f"project/{name}")

    def rule(self, what: str) -> str:
        """Return the name of an EventBridge rule."""
        return f"{self.pipeline}-{what}"


def ledger_bucket(topology: Topology) -> str | None:
    """Return the name of the bucket of the ledger; None where the ledger is not in S3."""
    scheme, _, place = (topology.ledger or "").partition("://")
    return place.partition("/")[0] if scheme == "s3" else None


def builders(topology: Topology, *kinds: StageKind, environment: str = "*") -> tuple[str, ...]:
    """Return the patterns of the ARNs of the roles of some kinds of builds, of every model.

    Args:
        topology: What promote.yaml says.
        kinds: The kinds.
        environment: Of which environment, where the kind has a role for each; ``*`` is any.
    """
    names = Names(topology, "*")
    return tuple(sorted(names.role_of(kind, environment) for kind in kinds))
