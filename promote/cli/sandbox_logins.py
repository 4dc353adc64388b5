"""Show under which name to call the sandbox: lines for a shell, or a document."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from promote.errors import InputError

if TYPE_CHECKING:
    from promote.cli.run import Run


def show_login(run: Run, info: Mapping[str, Any], name: str) -> None:
    """Show the variables that make an AWS client call the sandbox as somebody."""
    login = _named(info["logins"], name)
    variables = variables_of(info, login)
    if run.json:
        run.document("login", login=login, variables=variables)
        return
    lines = [f"export {key}={shlex.quote(value)}" for key, value in variables.items()]
    if "AWS_SESSION_TOKEN" not in variables:
        lines.append("unset AWS_SESSION_TOKEN")
    run.screen.result("\n".join(lines))
    if login != name:
        run.screen.say(f"# as {login}")


def variables_of(info: Mapping[str, Any], login: str) -> dict[str, str]:
    """Return the environment of a process that calls the sandbox as `login`."""
    keys = info["logins"][login]
    variables = {
        "AWS_ENDPOINT_URL": info["endpoint"],
        "AWS_ACCESS_KEY_ID": keys["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
        "AWS_REGION": info["region"],
        "AWS_DEFAULT_REGION": info["region"],
    }
    if "session_token" in keys:
        variables["AWS_SESSION_TOKEN"] = keys["session_token"]
    return variables


def _named(logins: Mapping[str, Any], name: str) -> str:
    """Return the login called `name`, or the first of that kind: ``consumer`` in any account."""
    for login in logins:
        if login == name or login.startswith(f"{name}/"):
            return login
    raise InputError("No such login", f"The sandbox has {', '.join(logins)}, and no {name!r}.")
