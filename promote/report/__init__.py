"""Render plans, events, records and errors: as text, as JSON, as JUnit.

`text`, `json` and `junit` are what others import; the text views live in `review` (plans),
`telling` (events), `ending` (results, errors, findings) and `overview` (status, history). What
`promote policy` shows has modules of its own with `as_text` and `as_json`: `proofs`, `lint`,
`explanations`, `differences`.

May be here: pure functions from values to text. May not be here: printing, terminals, colours
that were not asked for, I/O of any kind, or a fact that is not in the value rendered.
Law: every failure says what failed, measured and expected, why, and the command that helps.
"""
