"""A directory with a sandbox of its own, and the command line in it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

from promote.sandbox import admin
from tests.functional import warm

PROMOTE = warm.PROMOTE

QUICK = {"start_seconds": 0.3, "stop_seconds": 0.1, "propagation_seconds": 0.0}

Done = subprocess.CompletedProcess[str]


def run(directory: Path, environment: dict[str, str], *arguments: str) -> Done:
    """Run the installed `promote` in a directory, without a terminal."""
    return subprocess.run(
        [PROMOTE, *arguments],
        cwd=directory,
        env={**bare(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def bare() -> dict[str, str]:
    """Return the environment without anything that points at an AWS account."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def on_a_terminal(
    directory: Path, environment: dict[str, str], answers: list[str], *arguments: str
) -> tuple[int, str]:
    """Run `promote` on a pseudo-terminal, answer in advance, and return what the person saw."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PROMOTE, *arguments],
        cwd=directory,
        env={**bare(), "TERM": "xterm", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
    )
    os.close(theirs)
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux says EIO when the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return process.wait(timeout=10), shown.decode()


class Place:
    """What `promote sandbox up` made of an empty directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.up = run(directory, {}, "sandbox", "up", "--detach")
        assert self.up.returncode == 0, self.up.stderr
        login = json.loads(run(directory, {}, "sandbox", "env", "-o", "json").stdout)
        self.environment: dict[str, str] = login["variables"]
        self.endpoint = self.environment["AWS_ENDPOINT_URL"]
        self.set_up()

    def set_up(self) -> None:
        """Make the world quick."""
        admin.settings(self.endpoint, **QUICK)
        file = self.directory / "promote.yaml"
        text = file.read_text().replace("drain: 5s", "drain: 1s")
        file.write_text(text.replace("consecutive: 3", "consecutive: 1"))

    def promote(self, *arguments: str) -> Done:
        """Run `promote` as the promoter, from a warm start."""
        return warm.run(self.directory, {**bare(), **self.environment}, *arguments)

    def json(self, *arguments: str) -> Any:
        """Run `promote` and read the last line of its output."""
        return json.loads(self.promote(*arguments, "-o", "json").stdout.splitlines()[-1])

    def named(self, environment: str) -> set[str]:
        """Return what the pointers of an environment name."""
        status = self.json("status", "tools")["models"][0]
        found = next(each for each in status["environments"] if each["name"] == environment)
        return {target["version"] for target in found["targets"]}

    def running(self) -> set[str]:
        """Return the versions that run."""
        statuses = admin.statuses(self.endpoint)
        return {arn.split("/")[3] for arn, status in statuses.items() if status == "RUNNING"}

    def end(self) -> None:
        """Stop the sandbox."""
        run(self.directory, {}, "sandbox", "down")
