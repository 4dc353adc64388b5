"""Gates: what stands between a version and an environment, judged on evidence.

A gate's judgement is a value; only the command's boundary turns a refusal into an error. Verdicts
are three-valued plus pending: an inconclusive gate never passes.
"""

from promote.core.gates.evidence import Evidence, Findings
from promote.core.gates.judging import for_plan, judge, of_the_moment
from promote.core.gates.result import GateResult, Moment, Override, Verdict

__all__ = [
    "Evidence",
    "Findings",
    "GateResult",
    "Moment",
    "Override",
    "Verdict",
    "for_plan",
    "judge",
    "of_the_moment",
]
