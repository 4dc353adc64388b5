"""The command line: parse, call, render, exit; the one home of click.

May be here: commands of a few lines, shared options, the outermost function that turns errors
into exit codes. May not be here: a decision, an AWS call, a format that `promote.report` should
know. Whatever a command does, the library can do without it.
Law: results go to stdout, the story to stderr; ``--help`` and offline commands import no boto3.
"""
