"""Many organisations in one sandbox, each for one promotion: what happens in one is seen in none.

A lane has its own ML account, its own target accounts and its own directory with promote.yaml, so
that promotions run side by side without a sandbox for each. Of every lane there is the same world,
but for the numbers of its accounts.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from promote.arn import short_version
from promote.client import Client
from promote.sandbox import admin
from promote.sandbox.seed import ML, POINTER, PROD_1, PROD_2
from promote.sandbox.settings import Settings
from tests.functional import warm
from tests.functional.cli_world import Done, bare
from tests.functional.lane_world import CONFIG, OWN, account_of, in_lane, worlds

if TYPE_CHECKING:
    import boto3
    from botocore.session import Session

    from promote.sandbox.server import Sandbox

LIFE = Settings(start_seconds=0.3, stop_seconds=0.1, propagation_seconds=0.3)
"""An order of magnitude faster than at AWS."""
ROLE = "tools-prod"
_ONE_AT_A_TIME = threading.Lock()
"""A session of botocore makes no two clients at once."""


class Lane:
    """One organisation, and the command line in its directory as the promoter."""

    def __init__(self, number: int, directory: Path, ground: Ground) -> None:
        self.number = number
        self.directory = directory
        self._sandbox = ground.sandbox
        self._session = ground.session

    def begin(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """Start the installed `promote`, whose requests then tell `name`, and go on."""
        return subprocess.Popen(
            [warm.PROMOTE, *arguments],
            cwd=self.directory,
            env={**self._environment(), "AWS_SDK_UA_APP_ID": name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def promote(self, *arguments: str) -> Done:
        """Run `promote` to its end."""
        return warm.run(self.directory, self._environment(), *arguments)

    def client(self, service: str, account: str, login: str = "admin", **more: Any) -> Any:
        """Return a client of somebody in one of the lane's accounts."""
        keys = self._sandbox.describe()["logins"][f"{login}/{account_of(self.number, account)}"]
        given = {
            "region_name": "us-east-1",
            "aws_access_key_id": keys["access_key_id"],
            "aws_secret_access_key": keys["secret_access_key"],
            "aws_session_token": keys.get("session_token"),
            **more,
            "endpoint_url": self._sandbox.endpoint,
        }
        with _ONE_AT_A_TIME:
            return self._session.create_client(service, **given)

    def application(self, account: str, *, ttl: float) -> Client:
        """Return an application of one of the lane's accounts, as it would call the model."""
        arn = f"arn:aws:iam::{account_of(self.number, ML)}:role/{ROLE}"
        session = cast("boto3.Session", _Lent(self, account))
        return Client(POINTER, arn, external_id="tools", ttl=ttl, session=session)

    def records(self) -> list[dict[str, Any]]:
        """Return the ledger's records, oldest first."""
        files = sorted(self.directory.glob(".promote/ledger/tools/records/*.json"))
        return [json.loads(file.read_text())["record"] for file in files]

    @property
    def is_locked(self) -> bool:
        """Whether a lock is left, be it of a dead process."""
        return (self.directory / ".promote/ledger/tools/lock.json").exists()

    def ending(self) -> Ending:
        """Look at everything that a promotion may have changed, as an administrator."""
        values = []
        for account in (PROD_1, PROD_2):
            past = self.client("ssm", account).get_parameter_history(Name=POINTER)["Parameters"]
            values.append(tuple(short_version(each["Value"]) for each in past))
        iam = self.client("iam", ML)
        policies = {
            name: iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
        }
        records = self.records()
        return Ending(
            pointers=tuple(values),
            policies=self._anywhere(json.dumps(policies, sort_keys=True)),
            statuses=self.statuses(),
            claimed=_claimed(records),
            held=tuple(
                short_version(each["version"]) for each in records if each["kind"] == "version-held"
            ),
            is_finished=not _unfinished(records),
        )

    def statuses(self) -> Mapping[str, str]:
        """Return what the versions of the lane's own project do, by name."""
        account = account_of(self.number, ML)
        found = admin.statuses(self._sandbox.endpoint).items()
        return {
            short_version(arn): status
            for arn, status in found
            if f":{account}:project/tools-detector/" in arn
        }

    def _anywhere(self, text: str) -> str:
        """Return a text with the accounts of no lane in the place of its own."""
        for account in OWN:
            text = text.replace(account_of(self.number, account), account)
        return text

    def _environment(self) -> dict[str, str]:
        keys = self._sandbox.describe()["logins"]["promoter"]
        return {
            **bare(),
            "AWS_ENDPOINT_URL": self._sandbox.endpoint,
            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
        }


@dataclass(frozen=True, slots=True)
class _Lent:
    """As much of a boto3 session as the client needs; a whole one costs ten times as much."""

    lane: Lane
    account: str
    region_name: str = "us-east-1"

    def client(self, service: str, **more: Any) -> Any:
        """Make a client with the keys of the application, unless it is given others."""
        return self.lane.client(service, self.account, "consumer", **more)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a promotion may have changed; equal in every lane, whatever its accounts are."""

    pointers: tuple[tuple[str, ...], ...]
    """The names of the versions that each pointer has held, the present one last."""
    policies: str
    """The inline policies of the access role."""
    statuses: Mapping[str, str]
    claimed: tuple[str, ...]
    """The versions whose claim is open."""
    held: tuple[str, ...]
    """The versions that a rollback has left, once for each record of it."""
    is_finished: bool
    """Whether every promotion has ended."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where lanes are laid out."""

    directory: Path
    """An empty one, for theirs."""
    golden: Path
    """Where images are, in a folder for each label."""
    sandbox: Sandbox
    """Whatever it held is forgotten."""
    session: Session
    """Makes the clients."""
    settings: Settings = LIFE
    """How long things take."""


def lanes(ground: Ground, more: Sequence[str]) -> tuple[Lane, ...]:
    """Give the sandbox a world of many lanes, and return them.

    Args:
        ground: Where.
        more: For each lane the lines that its promote.yaml has beside those of `CONFIG`.
    """
    directory = ground.directory
    (directory / "promote.yaml").write_text(CONFIG)
    ground.sandbox.renew(worlds(directory / "promote.yaml", len(more)), ground.settings)
    images = _first_of_each(ground.golden, directory / "images")
    return tuple(
        Lane(number, _place(directory, images, number, own), ground)
        for number, own in enumerate(more)
    )


def _place(directory: Path, images: Path, lane: int, more: str) -> Path:
    """Make the directory of a lane."""
    place = directory / f"lane-{lane}"
    place.mkdir()
    (place / "images").symlink_to(images)
    (place / "promote.yaml").write_text(in_lane(CONFIG + more, lane))
    return place


def _first_of_each(golden: Path, images: Path) -> Path:
    """Take one image of each label, so that most calls are not those of the smoke test."""
    for label in golden.iterdir():
        (images / label.name).mkdir(parents=True)
        first = min(label.iterdir())
        (images / label.name / first.name).symlink_to(first)
    return images


def _unfinished(records: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether a promotion was begun and has not ended."""
    ended = {each["promotion"] for each in records if each["kind"] == "promotion-ended"}
    return any(
        each["kind"] == "promotion-started" and each["promotion"] not in ended for each in records
    )


def _claimed(records: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the versions that were started under a claim which is still open."""
    found: dict[str, None] = {}
    for each in records:
        if each["kind"] == "claim-opened":
            found[short_version(each["version"])] = None
        if each["kind"] == "claim-closed":
            found.pop(short_version(each["version"]), None)
    return tuple(sorted(found))
