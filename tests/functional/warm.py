"""Run `promote` in processes that start warm: forked from one that has imported everything.

Starting Python and importing boto3 costs several times what most commands do. Here that is paid
once; then each command is a process all the same, with its own directory, environment, output and
exit code, and ends as the interpreter ends. What it is to start cold, to be signalled or to have a
terminal is for the tests that start `promote` itself.

Run as a script this is the process that is forked: a line of JSON on stdin is a command, whose exit
code is written where the command asks for it, and the end of stdin the end. Commands of several
threads run side by side.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from promote.cli.main import main

PROMOTE = str(Path(sys.executable).with_name("promote"))
CHILD = 0
"""What os.fork() returns in the new process."""
_ONE_AT_A_TIME = threading.Lock()


def run(
    directory: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run `promote` to its end in a directory and nothing but this environment, on no terminal."""
    with tempfile.TemporaryDirectory() as kept:
        out, err, ended = (Path(kept, name) for name in ("out", "err", "ended"))
        os.mkfifo(ended)
        order = {
            "arguments": arguments,
            "directory": str(directory),
            "environment": dict(environment),
            "files": [os.devnull, str(out), str(err)],
        }
        _tell({"ended": str(ended), "order": order})
        code = int(ended.read_text())
        said, errors = (file.read_bytes().decode("utf-8") for file in (out, err))
    return subprocess.CompletedProcess([PROMOTE, *arguments], code, said, errors)


def read_models_once() -> None:
    """Let all sessions of this process share what they read of AWS's services: 0.1 s for each."""
    import botocore.session

    loader = "create_loader"
    setattr(botocore.session, loader, functools.cache(getattr(botocore.session, loader)))


def _tell(order: Mapping[str, object]) -> None:
    """Give an order to the process that is forked."""
    with _ONE_AT_A_TIME:
        parent = _parent()
        assert parent.stdin is not None
        parent.stdin.write(json.dumps(order) + "\n")
        parent.stdin.flush()


@functools.cache
def _parent() -> subprocess.Popen[str]:
    """Start the process that is forked; it ends with this one, however that ends."""
    parent = subprocess.Popen(
        [sys.executable, "-P", __file__],
        stdin=subprocess.PIPE,
        text=True,
    )
    atexit.register(parent.communicate)
    return parent


def _serve() -> None:
    """Fork for each order, and go on at once."""
    _import_everything()
    for line in sys.stdin:
        _bury()
        if os.fork() == CHILD:
            _attend(**json.loads(line))


def _bury() -> None:
    """Forget the children that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _attend(order: dict[str, Any], ended: str) -> NoReturn:
    """Fork once more for the command, wait for its end and tell its exit code."""
    child = os.fork()
    if child == CHILD:
        _play(**order)
    _, status = os.waitpid(child, 0)
    Path(ended).write_text(f"{os.waitstatus_to_exitcode(status)}\n")
    os._exit(0)


def _import_everything() -> None:
    """Import what any command may need, but not the server of the sandbox."""
    import boto3

    import promote

    for package in ("aws", "cli", "config", "core", "ledger", "pointers", "report", "services"):
        found = pkgutil.walk_packages([str(Path(promote.__path__[0], package))])
        for module in found:
            importlib.import_module(f"promote.{package}.{module.name}")
    importlib.import_module("promote.promoter")
    # A first client imports what botocore imports late, and reads the model of its service, as the
    # question for a page reads what botocore knows of pages.
    read_models_once()
    session = boto3.Session("none", "none", region_name="us-east-1")
    for service in ("iam", "organizations", "rekognition", "s3", "ssm", "sts"):
        client = session.client(service)
        client.can_paginate(next(iter(client.meta.method_to_api_mapping)))
    gc.freeze()  # so that no child goes through it, or copies its pages


def _play(
    arguments: list[str], directory: str, environment: dict[str, str], files: list[str]
) -> NoReturn:
    """Become a process that somebody has started with these arguments."""
    for number, (file, mode) in enumerate(zip(files, ("r", "w", "w"), strict=True)):
        with Path(file).open(mode) as opened:
            os.dup2(opened.fileno(), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it has no path, and lasts
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.argv = [PROMOTE, *arguments]
    _end(main())


def _end(code: int) -> NoReturn:
    """End as the interpreter does, but for taking apart all that was imported, which takes 30 ms.

    What a command leaves to that end is waited for and written all the same: threads and output.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
