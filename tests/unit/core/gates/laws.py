"""How the laws of gates are tried: few examples, since each of them costs a search."""

from __future__ import annotations

from hypothesis import settings

quick = settings(max_examples=40, deadline=None, database=None)
few = settings(max_examples=15, deadline=None, database=None)
