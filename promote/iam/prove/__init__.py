"""Proving policies: questions about all requests, answered exactly, with a concrete witness.

A policy tells requests apart by finitely many tests: patterns of actions, resources and principals,
tests of condition keys. So the infinitely many requests fall into finitely many cells whose members
it treats alike. `cells` finds one text for every way of matching patterns, `conditions` the values
of a key, `callers` the principals, `question` puts them together, and `search` asks the evaluator
about each. The evaluator alone decides; a witness is a request that anybody can ask it again.
`open_patterns` first turns policies with variables into such without.

What cannot be decided (variables in conditions, too many cells) raises `PolicyError`: it fails
closed.
"""

from promote.iam.prove.search import Search, Witness, differ, equal, search

__all__ = ["Search", "Witness", "differ", "equal", "search"]
