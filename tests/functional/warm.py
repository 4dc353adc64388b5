"""Run `promote` in processes that start warm: forked from one that has imported everything.

Starting Python and importing boto3 costs several times what most commands do. Here that is paid
once; then each command is a process all the same, with its own directory, environment, output and
exit code, and ends as the interpreter ends. What it is to start cold, to be signalled or to have a
terminal is for the tests that start `promote` itself.

Run as a script this is the process that is forked: a line of JSON on stdin is a command, a line on
stdout its exit code, and the end of stdin the end.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from promote.cli.main import main

PROMOTE = str(Path(sys.executable).with_name("promote"))
CHILD = 0
"""What os.fork() returns in the new process."""


def run(
    directory: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run `promote` to its end in a directory and nothing but this environment, on no terminal."""
    parent = _parent()
    assert parent.stdin is not None
    assert parent.stdout is not None
    with tempfile.TemporaryDirectory() as kept:
        out, err = Path(kept, "out"), Path(kept, "err")
        order = {
            "arguments": arguments,
            "directory": str(directory),
            "environment": dict(environment),
            "files": [os.devnull, str(out), str(err)],
        }
        parent.stdin.write(json.dumps(order) + "\n")
        parent.stdin.flush()
        code = int(parent.stdout.readline())
        said, errors = (file.read_bytes().decode("utf-8") for file in (out, err))
    return subprocess.CompletedProcess([PROMOTE, *arguments], code, said, errors)


@functools.cache
def _parent() -> subprocess.Popen[str]:
    """Start the process that is forked; it ends with this one, however that ends."""
    parent = subprocess.Popen(
        [sys.executable, "-P", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(parent.communicate)
    return parent


def _serve() -> int:
    """Fork for each order, one after the other; return the exit code of a child, or 0."""
    _import_everything()
    for line in sys.stdin:
        child = os.fork()
        if child == CHILD:
            return _play(**json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    return 0


def _import_everything() -> None:
    """Import what any command may need, but not the server of the sandbox."""
    import boto3

    import promote

    for package in ("aws", "cli", "config", "core", "ledger", "pointers", "report", "services"):
        found = pkgutil.walk_packages([str(Path(promote.__path__[0], package))])
        for module in found:
            importlib.import_module(f"promote.{package}.{module.name}")
    importlib.import_module("promote.promoter")
    # A first client imports what botocore imports late.
    boto3.Session("none", "none", region_name="us-east-1").client("sts")
    gc.freeze()  # so that no child goes through it, or copies its pages


def _play(
    arguments: list[str], directory: str, environment: dict[str, str], files: list[str]
) -> int:
    """Become a process that somebody has started with these arguments."""
    for number, (file, mode) in enumerate(zip(files, ("r", "w", "w"), strict=True)):
        with Path(file).open(mode) as opened:
            os.dup2(opened.fileno(), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it has no path, and lasts
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.argv = [PROMOTE, *arguments]
    return main()


if __name__ == "__main__":
    sys.exit(_serve())
