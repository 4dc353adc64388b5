"""Hold what things may be called, and what may not lie about in the tree."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture import tree

# A folder is a layer or an extension point, never a category.
CATEGORIES = {"common", "helper", "helpers", "misc", "models", "shared", "util", "utils"}

_UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")
# A path of somebody's machine: the homes and workspaces that systems and build servers use.
_LOCAL_PATH = re.compile(r"(?<![\w.:/\-}$])/(?:home|Users|root|work|workspace|builds)/\w")


def _lines(pattern: re.Pattern[str]) -> list[str]:
    """List the lines of the project that match."""
    return [
        f"{path}:{number}: {line.strip()}"
        for path in tree.files()
        for number, line in enumerate(tree.text(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_module_or_folder_is_a_category() -> None:
    names = {part for path in tree.python_files("promote") for part in path.with_suffix("").parts}
    names |= {part for path in tree.python_files("tests") for part in path.with_suffix("").parts}
    assert not names & CATEGORIES


def test_nothing_is_marked_as_unfinished() -> None:
    assert not _lines(_UNFINISHED)


def test_no_file_names_a_path_of_one_machine() -> None:
    own = {str(tree.ROOT), str(Path.home())} - {"/", "/root"}
    here = re.compile("|".join(re.escape(path) + r"(?=/)" for path in sorted(own)))
    assert not _lines(_LOCAL_PATH)
    assert not _lines(here)


def test_the_patterns_see_what_they_are_for() -> None:
    # Put together here, since this file is searched as well.
    assert _UNFINISHED.search("# TO" + "DO: later")
    assert _LOCAL_PATH.search('open("/ho' + 'me/ann/plan.json")')
    assert not _LOCAL_PATH.search("arn:aws:iam::222222222222:role/work/reader")
    assert not _LOCAL_PATH.search("s3://bucket/work/plan.json")
