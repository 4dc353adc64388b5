"""Run a sandbox as a process: ``python -m promote.sandbox --port N --state-file PATH``."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from promote.errors import InputError, PromoteError


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT or a shutdown request; return the exit code."""
    options = _options(arguments)
    _forget_credentials()
    try:
        return _serve(options)
    except PromoteError as error:
        sys.stderr.write(f"Error: {error}\n{error.remedy}\n".rstrip() + "\n")
        return error.exit_code


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m promote.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="main port; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--state-file", type=Path, help="where to write address and keys")
    parser.add_argument("--world", type=Path, help="a world as JSON; else the default one")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=SECONDS",
        help="a setting, such as start_seconds=600",
    )
    parser.add_argument("--seed", type=int, default=0, help="makes drawn delays repeatable")
    return parser.parse_args(arguments)


def _setting(text: str) -> tuple[str, float]:
    """Read NAME=NUMBER."""
    name, _, value = text.partition("=")
    return name, float(value)


def _serve(options: argparse.Namespace) -> int:
    """Start the sandbox, announce it, and wait for the end."""
    from promote.sandbox.seed import default_world
    from promote.sandbox.server import Sandbox
    from promote.sandbox.settings import SettingsBox
    from promote.sandbox.statefile import remove_state, write_state
    from promote.sandbox.world import from_json

    if options.world is None:
        world = default_world()
    else:
        try:
            world = from_json(json.loads(options.world.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise InputError("World not accepted", f"{options.world}: {error}") from error
    try:
        settings = SettingsBox().change(dict(options.set))
    except ValueError as error:
        raise InputError("Setting not accepted", str(error)) from error
    sandbox = Sandbox(
        world, port=options.port, host=options.host, settings=settings, seed=options.seed
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sandbox.stopped.set())
    with sandbox:
        state = sandbox.describe()
        if options.state_file is not None:
            write_state(options.state_file, state)
        sys.stdout.write(json.dumps({"endpoint": state["endpoint"], "pid": os.getpid()}) + "\n")
        sys.stdout.flush()
        sandbox.stopped.wait()
        if options.state_file is not None:
            remove_state(options.state_file)
    return 0


def _forget_credentials() -> None:
    """Drop every AWS setting of the environment, so that nothing here can reach a real account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID="sandbox",
        AWS_SECRET_ACCESS_KEY="sandbox",  # noqa: S106 - no secret
        AWS_DEFAULT_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_CONFIG_FILE=os.devnull,
    )


if __name__ == "__main__":
    sys.exit(main())
