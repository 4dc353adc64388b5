"""The small documents that the rules' examples are made of."""

from __future__ import annotations

from promote.iam.elements import Json, Kind
from promote.iam.lint.rules import Example

ML = "111111111111"
TARGET = "222222222222"
ENDPOINT = "vpce-0a1b2c3d4e5f60718"
ORGANIZATION = "o-a1b2c3d4e5"
EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "churn"}}

PROJECTS = f"arn:aws:rekognition:us-east-1:{ML}:project"
PROJECT = f"{PROJECTS}/churn/1767225600000"
VERSION = f"{PROJECTS}/churn/version/v7/1767312000000"
ROLE = f"arn:aws:iam::{ML}:role/churn-prod"
CONSUMER = f"arn:aws:iam::{TARGET}:role/storefront"
BUCKET = "arn:aws:s3:::churn-data"
DETECT = "rekognition:DetectCustomLabels"


def policy(*statements: object, **elements: object) -> Json:
    """Return a document of these statements; an element given as None is left out."""
    found = {"Version": "2012-10-17", "Statement": list(statements), **elements}
    return {name: value for name, value in found.items() if value is not None}


def statement(**elements: object) -> Json:
    """Return an Allow of DetectCustomLabels with one version, but for the elements that are given.

    An element given as None is left out.
    """
    found = {"Effect": "Allow", "Action": DETECT, "Resource": VERSION, **elements}
    return {name: value for name, value in found.items() if value is not None}


def identity(**elements: object) -> Example:
    """Return an identity policy with one statement."""
    return Kind.IDENTITY, policy(statement(**elements))


def trust(**elements: object) -> Example:
    """Return a trust policy with one statement; by default a good one."""
    found = {
        "Principal": {"AWS": CONSUMER},
        "Action": "sts:AssumeRole",
        "Resource": None,
        "Condition": EXTERNAL_ID,
        **elements,
    }
    return Kind.TRUST, policy(statement(**found))


def bucket(**elements: object) -> Example:
    """Return a bucket policy with one statement; by default a good one."""
    found = {
        "Principal": {"AWS": CONSUMER},
        "Action": "s3:GetObject",
        "Resource": f"{BUCKET}/*",
        **elements,
    }
    return Kind.BUCKET, policy(statement(**found))


def project(**elements: object) -> Example:
    """Return a project policy with one statement; by default a good one."""
    found = {
        "Principal": {"AWS": CONSUMER},
        "Action": "rekognition:CopyProjectVersion",
        **elements,
    }
    return Kind.PROJECT, policy(statement(**found))


def scp(**elements: object) -> Example:
    """Return a service control policy with one statement; by default a good one."""
    found = {
        "Effect": "Deny",
        "Action": "rekognition:StopProjectVersion",
        "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ML}:role/operator-*"}},
        **elements,
    }
    return Kind.SCP, policy(statement(**found))


def rcp(**elements: object) -> Example:
    """Return a resource control policy with one statement; by default a good one."""
    found = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:AssumeRole",
        "Resource": ROLE,
        "Condition": {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
        **elements,
    }
    return Kind.RCP, policy(statement(**found))
