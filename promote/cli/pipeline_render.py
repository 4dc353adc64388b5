"""``promote pipeline render``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promote.cli import arguments, policy_options
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promote.cli.run import Run
    from promote.core.topology import Topology

_HELP = """Render the CloudFormation stacks of the pipelines; offline.

\b
    promote pipeline render                          names and hashes
    promote pipeline render -o json                  the templates themselves
    promote pipeline render --out rendered           write them, with a manifest
    promote pipeline render --out rendered --check   4 unless they are what would be written
    promote pipeline render --model tools --check --digest 9f86…    as a deployed pipeline asks

A pipeline follows from environments and waves, never from accounts. Every policy in a stack was
proved to allow exactly what is planned. The same configuration gives the same bytes. With --check
and without --out, the directory `rendered` beside promote.yaml is looked at.
"""


@click.command("render", cls=Command, help=_HELP)
@click.option(
    "--model",
    metavar="NAME",
    shell_complete=arguments.complete_models,
    help="Only the pipeline of this model, and none of the stacks that it shares.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the stacks into this directory.",
)
@click.option("--check", is_flag=True, help="Compare the directory instead of writing it.")
@click.option(
    "--digest",
    metavar="SHA256",
    help="With --check and --model: compare the digest that a deployed pipeline carries instead.",
)
@click.pass_obj
def command(
    run: Run, *, model: str | None, out: Path | None, check: bool, digest: str | None
) -> None:
    """Render the stacks; write, compare or list them."""
    if digest is not None and (model is None or not check):
        raise click.UsageError("--digest is for --check of one --model.")
    topology = run.topology()
    files = _chosen(run, topology, model)
    if digest is not None and model is not None:
        _check_digest(run, model, files, digest)
    elif check:
        _check(run, topology, files, out=out, whole=model is None)
    elif out is not None:
        _write(run, out, files)
    else:
        _list(run, files)


def _chosen(run: Run, topology: Topology, model: str | None) -> Mapping[str, bytes]:
    from promote.pipeline.manifest import MANIFEST, with_manifest
    from promote.pipeline.render import pipeline_file, stacks

    proved = policy_options.proved_renderer(run, topology)
    files = with_manifest(topology, stacks(topology, proved))
    if model is None:
        return files
    wanted = {pipeline_file(topology.model(model).name), MANIFEST}
    return {name: content for name, content in files.items() if name in wanted}


def _check(
    run: Run, topology: Topology, files: Mapping[str, bytes], *, out: Path | None, whole: bool
) -> None:
    from promote.pipeline.manifest import DIRECTORY, departures, refusal

    directory = out or Path(topology.directory, DIRECTORY)
    found = departures(directory, files, whole=whole)
    if found:
        raise refusal(shlex.quote(str(out or DIRECTORY)), found)
    if run.json:
        run.document("pipeline-check", ok=True, files=sorted(files))
    else:
        run.screen.result(f"{directory} is what promote.yaml asks for: {len(files)} files.")


def _check_digest(run: Run, model: str, files: Mapping[str, bytes], digest: str) -> None:
    from promote.errors import RefusedError
    from promote.pipeline.render import carried_digest, pipeline_file

    found = carried_digest(files[pipeline_file(model)])
    if found != digest:
        raise RefusedError(
            "The pipeline that is deployed is not what promote.yaml asks for",
            f"The pipeline of {model} carries the digest {digest}; this configuration and this "
            f"version of promote give {found}.",
            "Render it anew and deploy it; pin the version in pipeline.install, so that builds "
            "have the one it was rendered with:\n    promote pipeline render --out rendered",
        )
    if run.json:
        run.document("pipeline-check", ok=True, files=[pipeline_file(model)])
    else:
        run.screen.result(f"The pipeline of {model} is what promote.yaml asks for.")


def _write(run: Run, out: Path, files: Mapping[str, bytes]) -> None:
    from promote.pipeline.manifest import sha256, write

    write(out, files)
    if run.json:
        rows = [{"name": name, "sha256": sha256(files[name])} for name in sorted(files)]
        run.document("pipeline-written", directory=str(out), files=rows)
    else:
        run.screen.result("\n".join(f"{out / name}" for name in sorted(files)))


def _list(run: Run, files: Mapping[str, bytes]) -> None:
    import json

    from promote.pipeline.manifest import sha256

    if run.json:
        rows = [
            {"name": name, "sha256": sha256(files[name]), "document": json.loads(files[name])}
            for name in sorted(files)
        ]
        run.document("pipeline", files=rows)
    else:
        run.screen.result("\n".join(f"{sha256(files[name])}  {name}" for name in sorted(files)))
