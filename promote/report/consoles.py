"""The pages of AWS's console that show a build or an execution, for people who approve or watch."""

from __future__ import annotations

from urllib.parse import quote

from promote.arn import parse_arn

# "AWS Management Console" in each partition: Amazon's, China's and GovCloud's user guides.
_HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def build_page(arn: str) -> str | None:
    """Return the page of a build, by its ARN as CodeBuild says it; None when it is none.

    Args:
        arn: ``arn:aws:codebuild:REGION:ACCOUNT:build/PROJECT:ID``, the variable
            ``CODEBUILD_BUILD_ARN`` of every build ("Environment variables in build environments").
    """
    try:
        found = parse_arn(arn)
    except ValueError:
        return None
    kind, _, build = found.resource.partition("/")
    project = build.partition(":")[0]
    host = _HOSTS.get(found.partition)
    if found.service != "codebuild" or kind != "build" or host is None or project == build:
        return None
    place = f"{found.account}/projects/{quote(project)}/build/{quote(build, safe='')}"
    region = quote(found.region)
    return f"https://{region}.{host}/codesuite/codebuild/{place}/log?region={region}"


def execution_page(pipeline: str, execution: str) -> str:
    """Return the page of a pipeline's execution, by the ARN of the pipeline and its own id."""
    found = parse_arn(pipeline)
    host, region = _HOSTS.get(found.partition, _HOSTS["aws"]), quote(found.region)
    place = f"pipelines/{quote(found.resource)}/executions/{quote(execution)}/timeline"
    return f"https://{region}.{host}/codesuite/codepipeline/{place}?region={region}"
