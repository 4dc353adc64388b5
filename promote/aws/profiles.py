"""Open a boto3 session for a named profile of the AWS configuration."""

from __future__ import annotations

import boto3
from botocore.exceptions import ProfileNotFound

from promote.errors import CredentialsError


def open_session(profile: str) -> boto3.Session:
    """Return a session with the credentials of `profile`, whatever the environment says.

    Raises:
        CredentialsError: The AWS configuration has no such profile.
    """
    try:
        return boto3.Session(profile_name=profile)
    except ProfileNotFound as error:
        raise CredentialsError(
            "No such profile",
            f"The AWS configuration has no profile called {profile!r}.",
            "To see the profiles:\n    aws configure list-profiles",
        ) from error
