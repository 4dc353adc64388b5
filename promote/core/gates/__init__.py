"""Gates: what stands between a version and an environment, judged on evidence.

A gate's judgement is a value; only the command's boundary turns a refusal into an error. Verdicts
are three-valued plus pending: an inconclusive gate never passes.
"""

from promote.core.gates.judging import judge
from promote.core.gates.result import GateResult, Moment, Verdict

__all__ = ["GateResult", "Moment", "Verdict", "judge"]
