"""Compare a live policy document with the wanted one, statement by statement and in words.

Two documents that allow the same are equal, however they are spelled: the proof decides that, not
the text. Where they differ, the statements that belong together are found by what they are about,
and each element in which they differ is one difference.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from promote.core.observation import Json
from promote.core.policies.governing import Place
from promote.core.policies.phrases import Phrases, alike
from promote.core.policies.witness import Shown, shown
from promote.core.topology import Topology
from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, Statement, parse, same
from promote.iam.prove import equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One way in which a live document differs from the wanted one."""

    place: str
    """The statement, as ``Statement[0] (DetectWithAllowedVersions)``; empty: the whole document."""
    element: str
    """``Document``, ``Statement``, ``Sid``, ``Action``, ``Resource``, ``Principal``, or
    ``Condition`` with its operator and key."""
    says: str
    """What the live document does, the rest of a sentence: ``allows also version v9``."""
    live: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A live document beside the wanted one."""

    kind: str
    """The kind of template; ``foreign`` for a policy that promote does not manage."""
    attached_to: str
    """The ARN of the role."""
    name: str | None
    """The name or ARN of the policy; None for a trust policy."""
    same_access: bool
    """Whether both allow exactly the same, perhaps in other words."""
    differences: tuple[Difference, ...] = ()
    witness: Shown | None = None
    """A request that the two answer differently: ``document`` is live, ``plan`` is wanted."""


def compare(
    live: Json | None,
    wanted: Json | None,
    *,
    kind: str,
    attached_to: str,
    name: str | None,
    document_kind: Kind = Kind.IDENTITY,
    topology: Topology | None = None,
) -> Comparison:
    """Compare two documents of one place; None is no document.

    A live document that lies outside the fragment we read is a difference like any other.

    Args:
        live: What is there.
        wanted: What promote.yaml and the pointers want.
        kind: The kind of template.
        attached_to: What both are attached to.
        name: The name of the policy, if it has one.
        document_kind: What kind of document both are.
        topology: What promote.yaml says; with it, a witness is put where the document is attached.
    """
    where = Place(template=kind, kind=document_kind, attached_to=attached_to)
    same_access, found, witness = _compared(live, wanted, where, topology)
    return Comparison(
        kind=kind,
        attached_to=attached_to,
        name=name,
        same_access=same_access,
        differences=tuple(found),
        witness=witness,
    )


def foreign(document: Json, *, attached_to: str, name: str, concerns: bool) -> Comparison:
    """Tell what a policy that promote does not manage does, where nothing is wanted.

    `concerns` says whether it lets the role do what promote alone should give.
    """
    found: Iterable[Difference]
    try:
        policy = parse(document, kind=Kind.IDENTITY, name=f"the policy {name}")
    except PolicyError as error:
        found = (_unreadable(error),)
    else:
        found = _alone(policy, live=True)
    return Comparison(
        kind="foreign",
        attached_to=attached_to,
        name=name,
        same_access=not concerns,
        differences=(_whole("is not managed by promote"), *found),
    )


_Compared = tuple[bool, Iterable[Difference], Shown | None]


def _compared(
    live: Json | None, wanted: Json | None, where: Place, topology: Topology | None
) -> _Compared:
    if same(live, wanted):
        return True, (), None
    if live is None:
        theirs = parse(wanted or {}, kind=where.kind, name="the wanted document")
        missing = (_whole("does not exist"), *_alone(theirs, live=False))
        return False, missing, None
    try:
        ours = parse(live, kind=where.kind, name="the live document")
    except PolicyError as error:
        return False, (_unreadable(error),), None
    if wanted is None:
        return False, (_whole("is not wanted"), *_alone(ours, live=True)), None
    theirs = parse(wanted, kind=where.kind, name="the wanted document")
    return _of_policies(ours, theirs, where, topology)


def _unreadable(error: PolicyError) -> Difference:
    return _whole(f"cannot be judged: {error.detail or error.summary}")


def _of_policies(
    live: Policy, wanted: Policy, where: Place, topology: Topology | None
) -> _Compared:
    pairs = _matched(live, wanted)
    found = [
        *(each for i, j in pairs.items() for each in _elements(live, wanted, i, j)),
        *_unmatched(live, pairs, live=True),
        *_unmatched(wanted, {j: i for i, j in pairs.items()}, live=False),
    ]
    try:
        witness = equal((live,), (wanted,)).witness
        if witness is not None:
            placed = None
            if topology is not None:
                placed = shown(witness.request, where, live, wanted, topology)
            return False, found, placed
    except PolicyError:
        return False, found, None
    sids = [each for each in found if each.element == "Sid"]
    others = len(sids) < len(found) or not sids
    return True, (_whole("allows exactly the same in other words"),) if others else sids, None


def _whole(says: str) -> Difference:
    return Difference(place="", element="Document", says=says)


def _matched(live: Policy, wanted: Policy) -> dict[int, int]:
    """Pair the statements that belong together, the most alike first."""
    scores = sorted(
        (-alike(ours, theirs), i, j)
        for i, ours in enumerate(live.statements)
        for j, theirs in enumerate(wanted.statements)
    )
    pairs: dict[int, int] = {}
    for score, i, j in scores:
        if score and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return dict(sorted(pairs.items()))


def _elements(live: Policy, wanted: Policy, i: int, j: int) -> Iterator[Difference]:
    ours, theirs = live.statements[i], wanted.statements[j]
    place = place_of(ours, i)
    phrases = Phrases(live.kind, ours.effect)
    for said in phrases.differences(ours, theirs):
        yield Difference(
            place=place,
            element=said.element,
            says=said.says,
            live=said.live,
            wanted=said.wanted,
        )


def _alone(policy: Policy, *, live: bool) -> Iterator[Difference]:
    """Yield what a document does that has no other beside it."""
    for index, statement in enumerate(policy.statements):
        does = Phrases(policy.kind, statement.effect)
        verb = does.verb(live=live).removesuffix(" also")
        yield _of_statement(policy, index, verb, live=live)


def _unmatched(policy: Policy, matched: Container[int], *, live: bool) -> Iterator[Difference]:
    for index, statement in enumerate(policy.statements):
        if index not in matched:
            verb = Phrases(policy.kind, statement.effect).verb(live=live)
            yield _of_statement(policy, index, verb, live=live)


def _of_statement(policy: Policy, index: int, verb: str, *, live: bool) -> Difference:
    statement = policy.statements[index]
    whole = (Phrases(policy.kind, statement.effect).whole(statement),)
    return Difference(
        place=place_of(statement, index) if live else "",
        element="Statement",
        says=f"{verb} {whole[0]}",
        live=whole if live else (),
        wanted=() if live else whole,
    )


def place_of(statement: Statement, index: int) -> str:
    """Name a statement of a document: ``Statement[0] (DetectWithAllowedVersions)``."""
    return f"Statement[{index}] ({statement.sid})" if statement.sid else f"Statement[{index}]"
