"""Write the commented promote.yaml that a new project begins with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

_HEAD = """\
# What is promoted, from where, to where. Every key, for your editor: promote config schema
# Check this file without touching AWS: promote config check
version: 1

# The Region of the models, of the roles' sessions and of the pointers.
region: {region}
{organization}
# Records and locks; a team shares them. Without this key: .promote/, for a local sandbox only.
ledger: {ledger}

# The central account: it trains, runs and pays for the versions.
ml:
  account: {ml_account}              # quoted, since YAML would take it for a number
  quotas:
    running: 2                         # versions that may run at once in this Region
    units: 5                           # inference units of one version

models:
  {model}:
    project: {project}
    capacity: {{min: 1, max: 1}}         # inference units; more for more requests per second
    price: 4.00                        # US dollars per unit and hour, for the cost in a plan
    # labels: [hammer, screwdriver]    # that applications understand, for the gate `labels`

# What all environments share; each may set any of these anew.
# {{model}} {{environment}} {{account}} {{region}} are filled. A role is a name or an ARN.
defaults:
  reader_role: promote-reader          # reads, in the ML account and in the target accounts
  operator_role: "promote-operator-{{environment}}"   # starts, stops and grants, in the ML account
  deployer_role: promote-deployer      # writes the pointer, in a target account
  smoke_role: promote-smoke            # tests as a consumer would, from a target account
  access_role: "{{model}}-{{environment}}"              # what applications assume to use the model
{external_id}  # The applications' own roles, in the target accounts, that assume the access role.
  consumers: {consumers}
  # Where applications read which version to use; holds the version's ARN.
  pointer: {{ssm: "/models/{{model}}/version-arn"}}
  granularity: version                 # the access role allows a version, a project or an account
  # A changed policy counts as in force after so many successes in a row, each in a fresh session.
  propagation: {{consecutive: 3, deadline: 5m}}
  deadlines: {{start: 30m, stop: 30m}}   # how long a version may take to start and to stop
  # The test before anything is switched: images in <folder>/<label>/, and the share to recognise.
  smoke: {{images: {images}, min_accuracy: 0.9}}

# In the order of promotion.
environments:
"""

_ENVIRONMENT = """\
  - name: {name}
{after}    accounts: [{accounts}]
    # The old version stays this long after the switch: longer than applications cache the pointer.
    drain: 5m
"""

_GATES = """\
    # What must hold before a version comes here, for a promotion and never for a rollback: how long
    # it has been verified before, how it did in its training's own test, that applications know its
    # labels, that it is no worse on the smoke test's images than the running one, when, when not,
    # which alarms are OK, how many people must approve it, how much it may cost that both run.
    # gates:
    #   soak: 24h
    #   f1: 0.8
    #   labels: known
    #   golden: {min_accuracy: 0.9}
    #   window: "mon-thu 09:00-16:00 Europe/Berlin"
    #   freeze: ["2026-12-20..2027-01-04 Europe/Berlin"]
    #   alarm: ["{model}-errors"]
    #   approval: 1
    #   cost: 20.0
    #   quota: {unit_hours: 5}
"""

_WAVES = """\
    # All accounts switch at once, unless: how many have switched after each wave, how long a wave
    # is left alone before it is verified once more, how many may fail before all is put back.
    # waves: [1, 25%, 100%]
    # bake: 10m
    # max_failures: 1
"""


def starter(
    *,
    region: str,
    ml_account: str,
    project: str,
    model: str,
    environments: Sequence[tuple[str, Sequence[str]]],
    ledger: str | None = None,
    organization: str | None = None,
    external_id: str | None = None,
    consumers: Iterable[str] = (),
    images: str | None = None,
) -> str:
    """Write a promote.yaml; what the values are worth is for `parse` to say.

    Args:
        region: The Region of the models.
        ml_account: The account that trains and runs the versions.
        project: The Custom Labels project.
        model: What the model is called here.
        environments: Name and target accounts of each, in the order of promotion.
        ledger: A directory for records and locks; None leaves it to the default.
        organization: The id of the AWS organization that principals must be in.
        external_id: The external id that the access role asks for.
        consumers: The roles of the applications.
        images: The folder or manifest of the smoke test; None leaves the test out.
    """
    head = _HEAD.format(
        region=_quoted(region),
        organization=_line("organization", organization, "required of every AWS principal"),
        ledger=_quoted(ledger),
        ml_account=_quoted(ml_account),
        model=_quoted(model),
        project=_quoted(project),
        external_id=_line("  external_id", external_id, "asked for by the access role"),
        consumers=_list(consumers),
        images=_quoted(images),
    )
    return head + "".join(_environments(environments))


def _environments(environments: Sequence[tuple[str, Sequence[str]]]) -> Iterable[str]:
    before: str | None = None
    for name, accounts in environments:
        after = _line("    after", before, "a version comes here only after it has passed there")
        listed = ", ".join(_quoted(account) for account in accounts)
        yield _ENVIRONMENT.format(name=_quoted(name), after=after, accounts=listed)
        if len(accounts) > 1:
            yield _WAVES
        if before is not None:
            yield _GATES
        before = name


def _line(key: str, value: str | None, comment: str) -> str:
    return "" if value is None else f"{key}: {_quoted(value)}  # {comment}\n"


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(_quoted(value) for value in values)}]"


def _quoted(value: str | None) -> str:
    """Quote a value, so that it is one YAML text whatever it holds: JSON is YAML."""
    if value is None:
        return "null"
    plain = value.replace("-", "").isascii() and value.replace("-", "").isalpha()
    reserved = value.lower() in {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
    # YAML does not join JSON's escapes of surrogate pairs, so what is printable is not escaped.
    return (
        value if plain and not reserved else json.dumps(value, ensure_ascii=not value.isprintable())
    )
