"""Fill JSON templates so that no value can write structure.

Every expression becomes a JSON string of its own made of a mark and hexadecimal digits, and is
opened again after the text was parsed. So what a value says never meets the parser: objects, keys
and lists are the template's alone. An expression inside quotation marks, or in the place of a key,
is refused whatever its value.

Statements that write text past the expressions (macros, filter and call blocks) or that read other
files are refused as well: only ``if``, ``for`` and ``set`` remain. So that filling ends soon, loops
lie at most two deep, and nothing is multiplied.
"""

from __future__ import annotations

import difflib
import enum
import functools
import json
import re
import traceback
from collections.abc import Iterable, Mapping

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from promote.errors import PolicyError, TemplateError
from promote.iam.document import loads

# A private-use character: it has no place in a policy document (PutRolePolicy, PolicyDocument).
_MARK = "\ue000"
_SEALED = re.compile(rf'"{_MARK}[0-9a-f]*"')
_KEY = re.compile("[A-Za-z0-9]{1,255}")
_UNDEFINED = re.compile(r"'(\w+)' is undefined")
_DEEPEST_LOOP = 2
_STATEMENTS = (nodes.Assign, nodes.For, nodes.If, nodes.Output)
_HOW_TO_WRITE = (
    "An expression writes a whole JSON value, with its quotation marks. Join texts inside it:\n"
    '    "Resource": {{ "arn:aws:iam::" ~ account ~ ":role/promote-reader" }}'
)
_WITHOUT_LOOP = 'A list is written whole, without a loop:\n    "Resource": {{ resources }}'
# What an expression of a template may raise: Jinja's own errors, and those of Python's operators.
_FAILURES = (
    jinja2.TemplateError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip


class Language(enum.Enum):
    """What a template writes, which decides what an expression of it may give."""

    POLICY = "policy"
    """Text or a list of texts; keys are the template's alone."""
    CLOUDFORMATION = "CloudFormation"
    """Any JSON value, such as a proved policy; and as a key, a logical id of letters and digits."""


def fill(
    source: str, context: Mapping[str, object], *, name: str, language: Language = Language.POLICY
) -> dict[str, object]:
    """Return the JSON object that a template writes for a context.

    Args:
        source: The text of the template.
        context: The names that it may use; a value is what an expression of the language may give,
            or what an expression takes one of them from.
        name: Where the template comes from, for messages.
        language: What it writes.

    Raises:
        TemplateError: The template is not accepted, or does not write exactly one JSON object;
            the detail begins with ``name:line:``.
    """
    template = _compiled(source, name, language)
    try:
        text = template.render(context)
    except _FAILURES as error:
        raise _failure(error, name, context) from error
    return _opened_object(_parsed(text, name), name, language)


@functools.cache
def _environment(language: Language) -> jinja2.Environment:
    plain = _plain if language is Language.POLICY else _any_value
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: _sealed(plain(value)),
        autoescape=False,
    )
    # It would quote the value a second time.
    del environment.filters["tojson"]
    return environment


@functools.lru_cache(maxsize=64)
def _compiled(source: str, name: str, language: Language) -> jinja2.Template:
    environment = _environment(language)
    try:
        tree = environment.parse(_without_comments(source, environment), filename=name)
        _check_statements(tree, name)
        _check_effort(tree, name)
        code = environment.compile(tree, filename=name)
    except jinja2.TemplateSyntaxError as error:
        raise _problem(name, error.lineno, f"{str(error.message).rstrip('.')}.") from error
    except RecursionError as error:
        raise _problem(name, None, "its expressions lie too deep in each other.") from error
    # No globals: what a template may name is its context.
    return environment.template_class.from_code(environment, code, {})


def _without_comments(source: str, environment: jinja2.Environment) -> str:
    """Keep a comment's line breaks only, so that rendered lines keep the template's numbers."""
    written, line = "", 1
    for number, kind, text in environment.lex(source):
        kept = "" if kind.startswith("comment") else text
        # The lexer leaves out comments and what ``{%-`` strips, but it counts their lines.
        written += "\n" * (number - line) + kept
        line = number + kept.count("\n")
    return written


def _check_statements(tree: nodes.Template, name: str) -> None:
    for node in tree.find_all(nodes.Stmt):
        if not isinstance(node, _STATEMENTS):
            what = type(node).__name__
            raise _problem(
                name,
                node.lineno,
                f"the statement {what} has no place here; only if, for and set have.",
            )


def _check_effort(tree: nodes.Template, name: str) -> None:
    for found in tree.find_all((nodes.Mul, nodes.Pow)):
        text = f"the operator {found.operator} has no place here; + and ~ have."
        raise _problem(name, found.lineno, text)
    loops: list[tuple[nodes.Node, int]] = [(node, 1) for node in tree.iter_child_nodes()]
    while loops:
        node, depth = loops.pop()
        if isinstance(node, nodes.For):
            if depth > _DEEPEST_LOOP or node.recursive:
                text = f"loops may lie {_DEEPEST_LOOP} deep, and none may be recursive."
                raise _problem(name, node.lineno, text, _WITHOUT_LOOP)
            depth += 1
        loops += [(inner, depth) for inner in node.iter_child_nodes()]


def _sealed(value: object) -> str:
    """Write a value as a JSON string that nothing in it can end."""
    content = json.dumps(value)
    return f'"{_MARK}{content.encode().hex()}"'


def _plain(value: object) -> str | list[str]:
    if isinstance(value, str | jinja2.Undefined):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes):
        items = list(value)
        if all(isinstance(item, str | jinja2.Undefined) for item in items):
            return [str(item) for item in items]
    msg = f"an expression gives {value!r}; expected text or a list of texts"
    raise jinja2.TemplateRuntimeError(msg)


def _any_value(value: object) -> object:
    return str(value) if isinstance(value, jinja2.Undefined) else value


def _parsed(text: str, name: str) -> dict[str, object]:
    try:
        return loads(text, name=name)
    except PolicyError as error:
        cause = error.__cause__
        if not isinstance(cause, json.JSONDecodeError):
            raise TemplateError(
                "Policy template does not write JSON", error.detail, error.remedy
            ) from error
        shown = _SEALED.sub("{{ … }}", text.split("\n")[cause.lineno - 1]).strip()
        raise _problem(
            name, cause.lineno, f"what it writes is not JSON: {cause.msg}, near: {shown}"
        ) from error


def _opened_object(
    sealed: Mapping[str, object], name: str, language: Language
) -> dict[str, object]:
    return {
        _opened_key(key, name, language): _opened(value, name, language)
        for key, value in sealed.items()
    }


def _opened_key(key: str, name: str, language: Language) -> str:
    if _MARK not in key:
        return key
    if language is Language.CLOUDFORMATION and key.startswith(_MARK):
        opened = _unsealed(key.removeprefix(_MARK), name)
        if isinstance(opened, str) and _KEY.fullmatch(opened):
            return opened
        shown = f"{name}: {opened!r} stands where a logical id belongs: letters and digits."
        raise TemplateError("Policy template not accepted", shown)
    raise TemplateError(
        "Policy template not accepted",
        f"{name}: an expression stands where a key belongs; only the template names keys.",
    )


def _opened(value: object, name: str, language: Language) -> object:
    match value:
        case str() if value.startswith(_MARK):
            return _unsealed(value.removeprefix(_MARK), name)
        case list():
            return [_opened(item, name, language) for item in value]
        case dict():
            return _opened_object(value, name, language)
    return value


def _unsealed(digits: str, name: str) -> object:
    try:
        return json.loads(bytes.fromhex(digits))
    except ValueError as error:
        raise TemplateError(
            "Policy template not accepted", f"{name}: it holds the reserved character U+E000."
        ) from error


def _failure(error: Exception, name: str, context: Mapping[str, object]) -> TemplateError:
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == name), None)
    undefined = _UNDEFINED.search(str(error))
    if undefined is None:
        return _problem(name, line, f"{str(error).rstrip('.')}.")
    known = ", ".join(sorted(context)) or "no names"
    near = difflib.get_close_matches(undefined[1], context, n=1)
    return _problem(
        name,
        line,
        f"{undefined[1]!r} is undefined. This template may use {known}.",
        f"Did you mean {near[0]}?" if near else "",
    )


def _problem(name: str, line: int | None, text: str, remedy: str = _HOW_TO_WRITE) -> TemplateError:
    where = name if line is None else f"{name}:{line}"
    return TemplateError("Policy template not accepted", f"{where}: {text}", remedy)
