"""Documents: what each must say, the proof that it does, and why it allows or denies a request.

Two independent statements of what a document grants meet in `proof`: the template, rendered from
the contexts that `documents` makes of a topology (`needs`, `protection`), and `intent`.
"""
