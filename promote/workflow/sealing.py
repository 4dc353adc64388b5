"""Sign the head of the chain when a promotion has ended, where promote.yaml names a key."""

from __future__ import annotations

import base64

from promote.core.record import Sealed
from promote.core.seal import ALGORITHM, statement
from promote.errors import InterruptedBySignalError, PromoteError
from promote.workflow.run import Run


def seal(run: Run) -> None:
    """Sign the last record and, by the chain, all before it; a failure is said and harms nothing.

    The promotion has ended by then. What this run does not sign, the next one signs with its own.
    """
    key = run.topology.signing_key
    if key is None:
        return
    number, link = run.journal.head()
    try:
        signature = run.world.signer.sign(key, statement(run.model, number, link))
        run.record(
            Sealed(
                at=run.world.clock.now(),
                number=number,
                link=link,
                key=key,
                algorithm=ALGORITHM,
                signature=base64.b64encode(signature).decode(),
            )
        )
    except InterruptedBySignalError:
        raise
    except PromoteError as error:
        run.warn(
            f"The end of this promotion is not signed: {error.summary}. {error.detail} "
            f"Until the next one is, `promote history {run.model} --verify` says so."
        )
