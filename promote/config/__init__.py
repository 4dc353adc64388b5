"""Read promote.yaml into a `Topology`, or tell everything that is wrong with it at once.

The way of a file: `source` (text to nodes with places) → `reading` (nodes to typed values, by the
table in `keys`) → `draft` (values to a topology) → `checks` and `names` (rules between values). A
problem anywhere is noted and the rest goes on, so that one run tells everything.

May be here: what a key is called, means and may hold; the one home of PyYAML. May not be here: AWS
calls, decisions about promotions. A new key is a line in `keys` and its place in `draft`.
Law: a key that is not built is refused by name; nothing is read and ignored.
"""

from __future__ import annotations

from promote.config.json_schema import schema
from promote.config.loading import load, parse
from promote.config.resolved import show
from promote.config.starter import starter

__all__ = ["load", "parse", "schema", "show", "starter"]
