"""What each kind of policy document must say: the second, independent statement of the intent.

A template in ``policies/`` says in JSON what a document grants; here the same is said once more, in
Python, from the same context, and neither looks at the other. `planned` builds the policy from
`promote.iam.elements`; the proof then compares what a template gave with what was planned, over all
requests. A template of the user's own is held to the same intent. So an edit that widens or narrows
a template does not pass unless the same thing is said here, on purpose, as well.

May be here: which actions, resources, principals and conditions a kind means. May not be here:
templates, JSON, what a topology needs (that is `promote.core.policies.needs`).
"""

from __future__ import annotations

from promote.core.policies.intent.kinds import planned

__all__ = ["planned"]
