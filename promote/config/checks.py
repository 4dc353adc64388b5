"""What single values cannot show: the rules between models, environments and accounts.

Each check yields its problems with their places; all of them run, whatever the others found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from promote.arn import parse_arn
from promote.config.draft import Draft, Use
from promote.config.gate_checks import GATE_RULES
from promote.config.pipeline_checks import PIPELINE_RULES
from promote.config.problems import Problem, Problems, shown, suggestion
from promote.core.waves import WaveSize


def check(draft: Draft, problems: Problems) -> None:
    """Note every rule that the draft breaks."""
    for rule in _RULES:
        for problem in rule(draft):
            problems.note(problem.position, problem.message)


def _unique_environments(draft: Draft) -> Iterator[Problem]:
    """Require that a name means one environment."""
    lines: dict[str, int] = {}
    for environment, settings in draft.environments:
        place = settings.where("name")
        if environment.name in lines:
            first = lines[environment.name]
            text = f"the environment {shown(environment.name)} is already given in line {first}"
            yield Problem(place, text)
        lines.setdefault(environment.name, place.line)


def _unique_accounts(draft: Draft) -> Iterator[Problem]:
    """Require that an account is one target of an environment."""
    for environment, settings in draft.environments:
        seen: set[object] = set()
        for item in settings.each("accounts"):
            if item.value in seen:
                text = f"the account {item.value} is listed twice in {environment.name}"
                yield Problem(item.position, text)
            seen.add(item.value)


def _unique_in_perimeter(draft: Draft) -> Iterator[Problem]:
    """Require that lists of roles and targets name each once."""
    for section, key in (
        ("data_lake", "trainers"),
        ("guardrails", "targets"),
        ("guardrails", "exempt"),
    ):
        seen: set[object] = set()
        for item in draft.root.section(section).each(key):
            if item.value in seen:
                yield Problem(item.position, f"{section}.{key}: {item.value} is listed twice")
            seen.add(item.value)


def _key_of_somebody(draft: Draft) -> Iterator[Problem]:
    """Require trainers where there is a key: its policy lets nobody else decrypt."""
    lake = draft.topology.data_lake
    if lake is not None and lake.kms_key is not None and not lake.trainers:
        text = (
            "data_lake.kms_key: training decrypts with the permissions of the role that calls"
            " CreateProjectVersion, so name these roles as data_lake.trainers"
        )
        yield Problem(draft.root.section("data_lake").where("kms_key"), text)


def _exempt_promoter(draft: Draft) -> Iterator[Problem]:
    """Require that somebody may still start and stop where promote has no role for it."""
    guardrails = draft.topology.guardrails
    alone = [one.name for one, _ in draft.environments if one.operator_role is None]
    if guardrails is not None and alone and not guardrails.exempt:
        text = (
            f"guardrails: in {', '.join(alone)} operator_role is null, so the guardrails would stop"
            " promote itself; name the role it runs with under guardrails.exempt"
        )
        yield Problem(draft.root.section("guardrails").position, text)


def _unique_projects(draft: Draft) -> Iterator[Problem]:
    """Require that a project belongs to one model."""
    owners: dict[tuple[str, str], str] = {}
    for model, settings in draft.models:
        owner = owners.setdefault((model.service, model.project), model.name)
        if owner != model.name:
            text = f"the models {owner} and {model.name} have the same project {model.project}"
            reason = "each would stop and revoke the other's versions"
            yield Problem(settings.where("project"), f"{text}: {reason}")


def _capacity(draft: Draft) -> Iterator[Problem]:
    """Require units that fit into each other and into the quota."""
    units = draft.topology.ml.quotas.units
    for model, settings in draft.models:
        place = settings.section("capacity")
        least, most = model.capacity.min, model.capacity.max
        path = f"models.{model.name}.capacity"
        if most is not None and most < least:
            yield Problem(place.where("max"), f"{path}.max: {most} is less than min, {least}")
        for name, value in (("min", least), ("max", most)):
            if value is not None and value > units:
                text = f"{path}.{name}: {value} units are more than ml.quotas.units, {units}"
                yield Problem(place.where(name), text)


def _known_predecessors(draft: Draft) -> Iterator[Problem]:
    """Require that `after` names environments."""
    names = [environment.name for environment, _ in draft.environments]
    for environment, settings in draft.environments:
        for item in settings.each("after"):
            if isinstance(item.value, str) and item.value not in names:
                others = [name for name in names if name != environment.name]
                hint = suggestion(item.value, others)
                known = hint or f"; there are {', '.join(names)}"
                text = f"after: there is no environment {shown(item.value)}{known}"
                yield Problem(item.position, text)


def _circles(draft: Draft) -> Iterator[Problem]:
    """Require that `after` is no circle: something must come first."""
    places = {
        environment.name: settings.where("after") for environment, settings in draft.environments
    }
    waiting = {
        environment.name: {name for name in environment.after if name in places}
        for environment, _ in draft.environments
    }
    while waiting := _without_first(waiting):
        circle = _circle(waiting)
        text = " -> ".join((*circle, circle[0]))
        yield Problem(places[circle[0]], f"after: {text} is a circle, so none of them can be first")
        for name in circle:
            del waiting[name]


def _without_first(waiting: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Take away, again and again, the environments that wait for none of the others."""
    left = dict(waiting)
    while first := [name for name, others in left.items() if not others & left.keys()]:
        for name in first:
            del left[name]
    return left


def _circle(waiting: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Follow predecessors, all of which wait as well, until one comes again."""
    path = [next(iter(waiting))]
    while True:
        following = min(waiting[path[-1]] & waiting.keys())
        if following in path:
            circle = path[path.index(following) :]
            first = next(name for name in waiting if name in circle)
            start = circle.index(first)
            return (*circle[start:], *circle[:start])
        path.append(following)


def _own_access_roles(draft: Draft) -> Iterator[Problem]:
    """Require that an access role belongs to one model in one environment."""
    reason = "a promotion of one would change what the other may call"
    # IAM's role names are unique in an account whatever their path and case.
    return _shared(
        draft,
        "access_role",
        lambda use: (_role_name(use.target.access_role), use.target.access_role),
        f"the role %s: {reason}",
    )


def _own_pointers(draft: Draft) -> Iterator[Problem]:
    """Require that a pointer belongs to one model in one environment."""
    reason = "they would fight over what it names"
    return _shared(
        draft,
        "pointer",
        lambda use: (
            f"{use.target.account} {use.target.pointer.kind} {use.target.pointer.name}",
            f"{use.target.pointer.name} in account {use.target.account}",
        ),
        f"the pointer %s: {reason}",
    )


def _shared(
    draft: Draft, key: str, identify: Callable[[Use], tuple[str, str]], text: str
) -> Iterator[Problem]:
    """Find what two (model, environment) pairs resolve to the same thing; each pair once."""
    owners: dict[str, tuple[str, str]] = {}
    told = set()
    for use in draft.uses():
        identity, label = identify(use)
        mine = (use.target.model, use.target.environment)
        owner = owners.setdefault(identity, mine)
        if owner == mine or (owner, mine) in told:
            continue
        told.add((owner, mine))
        parts = {"model": owner[0] != mine[0], "environment": owner[1] != mine[1]}
        fix = " and ".join(f"{{{part}}}" for part, differs in parts.items() if differs)
        pair = f"{_pair(owner, mine)} and {_pair(mine, owner)}"
        message = f"{key}: {pair} share {text % label}; put {fix} into it"
        yield Problem(use.settings.where(key), message)


def _pair(one: tuple[str, str], other: tuple[str, str]) -> str:
    """Name what sets one (model, environment) pair apart from another."""
    if one[0] == other[0]:
        return one[1]
    return one[0] if one[1] == other[1] else f"{one[0]} in {one[1]}"


def _role_name(text: str) -> str:
    try:
        return parse_arn(text).name.lower()
    except ValueError:
        return text


def _provable_endpoints(draft: Draft) -> Iterator[Problem]:
    """Require a URL for endpoints: a grant bound to them can be proved through one of them only."""
    for environment, settings in draft.environments:
        if environment.vpc_endpoints and environment.smoke.endpoint_url is None:
            text = (
                "vpc_endpoints: the access role would work through these endpoints only, so it"
                f" cannot be proved for {environment.name} from elsewhere; give the URL of one of"
                " them as smoke.endpoint_url"
            )
            yield Problem(settings.where("vpc_endpoints"), text)


def _growing_waves(draft: Draft) -> Iterator[Problem]:
    """Require waves that grow, as far as it can be told, and that reach every account."""
    for environment, settings in draft.environments:
        last: dict[bool, WaveSize] = {}
        sizes = settings.each("waves")
        for item in sizes:
            size = item.value
            if not isinstance(size, WaveSize):
                return
            before = last.get(size.is_percentage, size)
            if size.number < before.number:
                text = f"waves: {size} comes after {before}, but each wave counts those before it"
                yield Problem(item.position, text)
            last[size.is_percentage] = size
        accounts = len(environment.accounts)
        if sizes and environment.waves[-1].of(accounts) < accounts:
            text = (
                f"waves: the last, {environment.waves[-1]}, covers "
                f"{environment.waves[-1].of(accounts)} of the {accounts} accounts of "
                f"{environment.name}; end the list with 100%"
            )
            yield Problem(sizes[-1].position, text)


_RULES: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    _unique_environments,
    _unique_accounts,
    _unique_in_perimeter,
    _key_of_somebody,
    _exempt_promoter,
    _unique_projects,
    _capacity,
    _known_predecessors,
    _circles,
    _own_access_roles,
    _own_pointers,
    _provable_endpoints,
    _growing_waves,
    *GATE_RULES,
    *PIPELINE_RULES,
)
