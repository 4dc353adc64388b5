"""What stands for versions and promoters that nobody has named, where any will do for a proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from promote.core.topology import Topology

_VERSIONS = ("example-1/1700000000001", "example-2/1700000000002")
_PROMOTER = "role/promote-example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Givens:
    """The versions and trusted principals that documents are rendered for."""

    versions: tuple[str, ...]
    trusted: tuple[str, ...]
    example_versions: bool
    example_trusted: bool

    def told(self, contexts: Iterable[Mapping[str, object]]) -> Iterator[str]:
        """Yield a sentence for each example that is in the contexts of some documents."""
        said = [repr(context) for context in contexts]
        if self.example_versions and any(each in text for text in said for each in self.versions):
            yield (
                "No --version was given: example-1 and example-2 of each project stand for the "
                "versions."
            )
        if self.example_trusted and any(self.trusted[0] in text for text in said):
            yield f"No --trusted was given: {self.trusted[0]} stands for who runs promote."


def givens(topology: Topology, versions: tuple[str, ...], trusted: tuple[str, ...]) -> Givens:
    """Return what was given, and examples in the place of what was not.

    Two versions stand for any number of them, of each model's project.
    """
    return Givens(
        versions=versions or example_versions(topology),
        trusted=trusted or (example_promoter(topology),),
        example_versions=not versions,
        example_trusted=not trusted,
    )


def example_versions(topology: Topology) -> tuple[str, ...]:
    """Return ARNs that stand for the versions of every model."""
    prefix = f"arn:aws:rekognition:{topology.region}:{topology.ml.account}:project"
    projects = dict.fromkeys(model.project for model in topology.models)
    return tuple(f"{prefix}/{each}/version/{name}" for each in projects for name in _VERSIONS)


def example_promoter(topology: Topology) -> str:
    """Return the ARN of a role that stands for who runs promote."""
    return f"arn:aws:iam::{topology.ml.account}:{_PROMOTER}"
