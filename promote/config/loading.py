"""Find promote.yaml and turn its text into a topology, or into all of its problems."""

from __future__ import annotations

import os
from pathlib import Path

from promote.config.checks import check
from promote.config.draft import Draft, draft
from promote.config.keys import CUSTOM_LABELS_REGIONS, ROOT
from promote.config.names import check_names
from promote.config.problems import Problems, shown, suggestion
from promote.config.reading import Reader, Settings
from promote.config.source import compose, position_at
from promote.core.topology import Topology
from promote.errors import ConfigError

NAME = "promote.yaml"
_SUMMARY = "The configuration has problems"
_MISSING = "There is no configuration"
_INIT = "To write one with comments:\n    promote init"


def load(path: Path | str | None = None, *, region: str | None = None) -> Topology:
    """Read promote.yaml.

    Args:
        path: The file; None is the nearest promote.yaml from the current directory upwards, not
            beyond the root of a repository.
        region: A Region that replaces the file's.

    Raises:
        ConfigError: There is none, it cannot be read, or it has problems; tells all of them.
    """
    file = _nearest() if path is None else Path(path)
    label = str(file) if path is not None else os.path.relpath(file)
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise ConfigError(_MISSING, (f"{label} does not exist.",), _INIT) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError("The configuration cannot be read", (f"{label}: {reason}.",)) from error
    directory = str(file.absolute().parent)
    return parse(_decode(content, label), file=label, directory=directory, region=region)


def parse(
    text: str, *, file: str = NAME, directory: str = ".", region: str | None = None
) -> Topology:
    """Read the text of a promote.yaml; does no input or output.

    Args:
        text: The YAML.
        file: What problems call the file.
        directory: Where relative paths in it start.
        region: A Region that replaces the file's.

    Raises:
        ConfigError: It has problems; tells all of them.
    """
    problems = Problems()
    node = compose(text, problems)
    settings = None if node is None else Reader(problems).section(node, ROOT)
    drafted = None if settings is None else _checked(settings, directory, region, problems)
    if problems.found or drafted is None:
        raise _error(problems.located(file))
    return drafted.topology


def _checked(settings: Settings, directory: str, region: str | None, problems: Problems) -> Draft:
    drafted = draft(settings, directory=directory, region=region)
    check(drafted, problems)
    check_names(drafted, problems)
    if region is not None and region not in CUSTOM_LABELS_REGIONS:
        where = f"Custom Labels exists in {', '.join(CUSTOM_LABELS_REGIONS)} only"
        hint = suggestion(region, CUSTOM_LABELS_REGIONS)
        text = (
            f"the Region {shown(region)}, given instead of the file's, will not do: {where}{hint}"
        )
        problems.note(settings.where("region"), text)
    return drafted


def _error(problems: tuple[str, ...]) -> ConfigError:
    remedy = "To check it again without touching AWS:\n    promote config check"
    return ConfigError(_SUMMARY, problems, remedy)


def _nearest() -> Path:
    here = Path.cwd()
    for directory in (here, *here.parents):
        if (directory / NAME).exists():
            return directory / NAME
        if (directory / ".git").exists():
            break
    text = f"Neither {here} nor a directory above it has a {NAME}."
    raise ConfigError(_MISSING, (text,), _INIT)


def _decode(content: bytes, label: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The decoder counts from behind the byte order mark; UTF-8 as such counts every byte.
        bare = content.removeprefix(b"\xef\xbb\xbf")
        before = bare[: error.start].decode("utf-8", errors="ignore")
        place = position_at(before, len(before))
        byte = bare[error.start : error.start + 1].hex()
        text = f"{label}:{place.line}:{place.column}: the byte 0x{byte} is not UTF-8"
        raise _error((text,)) from None
