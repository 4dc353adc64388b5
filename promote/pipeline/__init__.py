"""Render the pipelines: CloudFormation and buildspecs, from promote.yaml alone.

May be here: what the templates in ``pipelines/`` are filled with, their canonical bytes, the
manifest, comparing a directory with them. May not be here: which stages there are
(`promote.core.pipeline`), what a role may do (``policies/``), AWS calls.
Law: the same promote.yaml gives the same bytes, and no stage depends on the number of accounts.
"""
