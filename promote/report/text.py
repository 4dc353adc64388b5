"""Every view as text, for people: at most 80 columns, save where a name must stay in one piece.

Colour is asked for with `style`; without one there is none, and nothing is ever said by colour
alone.
"""

from promote.report.changes import agreement, complement
from promote.report.dossiers import chain, dossier
from promote.report.ending import error, findings, refusal, result, retirement, verification
from promote.report.history import history
from promote.report.layout import Style, unstyled
from promote.report.overview import lock, status, versions
from promote.report.review import plan
from promote.report.telling import event, live, sentence

__all__ = [
    "Style",
    "agreement",
    "chain",
    "complement",
    "dossier",
    "error",
    "event",
    "findings",
    "history",
    "live",
    "lock",
    "plan",
    "refusal",
    "result",
    "retirement",
    "sentence",
    "status",
    "unstyled",
    "verification",
    "versions",
]
