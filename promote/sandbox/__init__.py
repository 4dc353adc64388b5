"""Serve a whole AWS organisation on loopback: the world against which the product is judged.

`promote.sandbox.server.Sandbox` starts it in a thread, ``python -m promote.sandbox`` as a process,
and `promote.sandbox.admin` talks to a running one. Every AWS client works on it over real HTTP.
It may import `promote.iam`, `promote.arn` and `promote.errors`, never the product's own workflow;
`promote.sandbox.consumers` are applications, and use `promote.client` as such.

Faithful: SigV4 and session expiry; identity, session and trust policies, permissions boundaries,
ExternalId, role chaining; IAM writes that become visible replica by replica; quotas of roles and of
running models; all states of a Custom Labels version; parameter checks by botocore's own model;
AWS's error codes and texts per protocol; lost answers; labels that come from an image's pixels.

Not faithful: resource policies other than trust policies are refused, so S3 across accounts is
always denied; SCPs and RCPs are neither taken nor enforced; groups are not served; a role that is
deleted and made again keeps the trust that named it; aws:SecureTransport is always true, although
the transport is plain HTTP; policies outside the fragment of `promote.iam` are refused on write;
training and starting take seconds; an operation without a mapping here is denied; presigned URLs
are refused and the time of a signature is not looked at; AWS-managed policies do not exist.

Where AWS is silent we read: parameters are checked after authorisation; Start in a wrong state is
ResourceInUse before any quota; too many units is LimitExceeded, as too many running models is.
"""
