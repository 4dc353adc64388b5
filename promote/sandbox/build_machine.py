"""Set up the machine that a build runs on: directories, PATH and the variables it begins with.

It is this machine: the build finds `promote` as it is installed here, the system's commands, and
a `pip` that has no network. Reference: "Environment variables in build environments".
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from promote.sandbox.build_records import BuildRecord
from promote.sandbox.service_roles import Actor
from promote.sandbox.world import World

OWN: Final = "aws-model-promote"
"""The distribution that is installed here, whatever a build asks for."""
_SYSTEM: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CONSOLE: Final = "https://{region}.console.aws.amazon.com/codesuite/codebuild"
_PIP: Final = f"""\
#!/bin/sh
# Stands for pip in the sandbox's builds, which have no network.
[ "$1" = install ] || {{ echo "The sandbox's builds know pip install alone." >&2; exit 1; }}
shift
for wanted in "$@"; do
  case "$wanted" in
    {OWN}|{OWN}==*|{OWN}~=*|{OWN}\\>=*|{OWN}\\[*) echo "$wanted: as it is installed here" ;;
    -q|--quiet|-U|--upgrade|--no-cache-dir|--disable-pip-version-check|--no-input) ;;
    *) echo "The sandbox's builds have no network to install $wanted from." >&2; exit 1 ;;
  esac
done
"""
_PYTHON: Final = f"""\
#!/bin/sh
if [ "$1" = -m ] && [ "$2" = pip ]; then
  shift 2
  exec "$(dirname "$0")/pip" "$@"
fi
exec {shlex.quote(sys.executable)} "$@"
"""
_SHIMS: Final = {"pip": _PIP, "pip3": _PIP, "python": _PYTHON, "python3": _PYTHON}


class Machine:
    """The directories of one build; they are gone when it is closed."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="promote-build-")).resolve()
        self.source = self._made("src")
        self.state = self._made("state")
        self.home = self._made("home")
        self.temporary = self._made("tmp")
        self._tools = self._made("bin")
        for name, text in _SHIMS.items():
            shim = self._tools / name
            shim.write_text(text, encoding="utf-8")
            shim.chmod(0o755)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.root, ignore_errors=True)

    def directory(self, name: str) -> Path:
        """Return a new directory for one more input."""
        return self._made(f"src-{name}")

    def variables(self) -> dict[str, str]:
        """Return what any process of a build needs."""
        path = f"{self._tools}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{_SYSTEM}"
        return {
            "PATH": path,
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "PIP_NO_INDEX": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def _made(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(mode=0o700)
        return path


def own_variables(build: BuildRecord, source: Path, others: Mapping[str, Path]) -> dict[str, str]:
    """Return the variables that CodeBuild itself sets."""
    project = build.project
    region = project.region
    found = {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": str(project.fields["environment"]["image"]),
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_BUILD_URL": f"{_CONSOLE.format(region=region)}/{project.account}/projects/"
        f"{project.name}/build/{build.id}",
        "CODEBUILD_INITIATOR": build.order.initiator,
        "CODEBUILD_KMS_KEY_ID": project.key,
        "CODEBUILD_LOG_PATH": build.stream,
        "CODEBUILD_PROJECT_ARN": project.arn,
        "CODEBUILD_SRC_DIR": str(source),
        "CODEBUILD_START_TIME": str(int(build.started * 1000)),
        "CODEBUILD_SOURCE_VERSION": build.order.source_version or "",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.resolved_version or "",
    }
    return found | {f"CODEBUILD_SRC_DIR_{name}": str(path) for name, path in others.items()}


def credentials(actor: Actor) -> dict[str, str]:
    """Return the variables that make clients act as the role of a build, and as nobody else."""
    return {
        "AWS_ACCESS_KEY_ID": actor.session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": actor.session.secret,
        "AWS_SESSION_TOKEN": actor.session.token,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def addresses(build: BuildRecord, world: World, urls: Mapping[str | None, str]) -> dict[str, str]:
    """Return the variables that lead clients to the sandbox.

    A build in a VPC reaches the services of its endpoints through these, as by private DNS.
    """
    found = {"AWS_ENDPOINT_URL": urls[None]}
    vpc = build.project.fields.get("vpcConfig", {}).get("vpcId")
    for endpoint in world.endpoints:
        if vpc is None or endpoint.vpc != vpc:
            continue
        for service in endpoint.services:
            suffix = "" if service == "*" else f"_{service.upper()}"
            found[f"AWS_ENDPOINT_URL{suffix}"] = urls[endpoint.id]
    return found
