"""Do: observe the world, apply a plan, prove what it claims, wait.

May be here: the order of the calls, concurrency, deadlines, undo; all through the ports of
`promote.ports`. May not be here: boto3, a decision that belongs in the plan, a fixed sleep.
tenacity lives in `promote.workflow.wait` alone, on the clock that the caller passes in.
Law: apply does what the plan says and nothing more, and refuses a stale plan.
"""
