"""Speak AWS: sessions, clients, roles, and the one translation of its errors into ours.

May be here: cached sessions and clients, assumed identities, rate limits, access roles through
IAM. May not be here: what a model service or a pointer is (`promote.services`,
`promote.pointers`), what should happen next (`promote.core`, `promote.workflow`).

Law: no ``ClientError`` leaves this folder or the extension points above it.

Law: one retry layer per cause, and a request is repeated by one of them only.

- *Reads* are repeated by botocore (`standard` mode, explicit settings): throttling, transport, 5xx.
- *Writes* are sent by clients that never repeat anything, because `standard` mode would take
  ``LimitExceededException`` (no slot left) for throttling, and because a write whose answer was
  lost may have worked. `promote.aws.throttling.Traffic.write` repeats what the service certainly
  did not carry out (throttled), and, for IAM documents that are replaced whole, what may be
  carried out twice. Everything else comes out as `LostResponseError`: observe, then decide.
- *States* (a model that starts, a policy that spreads) are waited for in `promote.workflow` alone.
"""
