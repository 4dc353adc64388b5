"""The one place that writes an access role's policy: read, compared, proved, then written.

Whoever decides to write (a grant, a revocation, an undo, a single step) says what must be there
before and what is to be there after. Nothing is written over a document that nobody looked at, and
nothing that was not proved against the very document that it replaces.
"""

from __future__ import annotations

from collections.abc import Callable

from promote.core.observation import Json
from promote.errors import PromoteError
from promote.iam.document import same
from promote.workflow.site import Site


def write_policy(
    site: Site,
    role: str,
    policy: str,
    *,
    before: Json | None,
    after: Json | None,
    proof: Callable[[Json | None], None],
    moved: Callable[[], PromoteError],
) -> bool:
    """Replace an access role's inline policy; say whether anything had to be written.

    Args:
        site: Where.
        role: The ARN of the access role.
        policy: The name of its inline policy.
        before: The document that must be there; None: there must be none.
        after: The document to write; None deletes the policy.
        proof: Holds that `after` may be written over the document that it is given.
        moved: Makes the error to raise when another document is there.

    Raises:
        ProofError: `proof` refuses; nothing was written.
        PromoteError: What `moved` makes.
    """
    roles = site.world.roles
    live = roles.policy(role, policy, role=site.reader)
    if same(live, after):
        return False
    if not same(live, before):
        raise moved()
    proof(live)
    site.keep()
    if after is None:
        roles.remove(role, policy, role=site.operator)
    else:
        roles.put(role, policy, after, role=site.operator)
    return True
