"""Decide: from observations and wishes to a plan, as values.

May be here: frozen dataclasses, closed unions and functions that answer from their arguments
alone. May not be here: a clock, a file, the network, logging, or any import but the standard
library, `promote.iam`, `promote.arn` and `promote.errors`. Time is an argument, always aware and
in UTC; what can be rendered (a policy document) arrives as a function.
Law: decide, then do. The same arguments give the same plan, byte for byte.
"""
