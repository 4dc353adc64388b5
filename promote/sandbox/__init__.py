"""Serve a whole AWS organisation on loopback: the world against which the product is judged.

`promote.sandbox.server.Sandbox` starts it in a thread, ``python -m promote.sandbox`` as a process,
and `promote.sandbox.admin` talks to a running one. Every AWS client works on it over real HTTP.
It may import `promote.iam`, `promote.arn` and `promote.errors`, never the product's own workflow;
`promote.sandbox.consumers` are applications, and use `promote.client` as such.

Faithful: SigV4 and session expiry; identity, session, trust, bucket and VPC endpoint policies,
permissions boundaries, SCPs and RCPs of every level of the organisation, decided together by
`promote.iam.authorise`; ExternalId, role chaining; writes of policies that become visible replica
by replica; quotas of roles, of the organisation's policies and of running models; all states of a
Custom Labels version; parameter checks by botocore's own model; AWS's error codes and texts per
protocol; lost answers; labels that come from an image's pixels.

Not faithful: only roles and buckets have resource policies, so other services are denied across
accounts; nobody administers the organisation by delegation; policies of VPC endpoints come with
the world and cannot be changed by a call, and S3 blocks no public ones; groups are not served; a
role that is deleted and made again keeps the trust that named it; aws:SecureTransport is always
true, although the transport is plain HTTP; policies outside the fragment of `promote.iam` are
refused on write; training and starting take seconds; an operation without a mapping here is
denied; presigned URLs are refused and the time of a signature is not looked at; AWS-managed
policies of IAM do not exist.

Where AWS is silent we read: parameters are checked after authorisation; Start in a wrong state is
ResourceInUse before any quota; too many units is LimitExceeded, as too many running models is;
SCPs and RCPs spread as slowly as IAM's policies do; CreatePolicy is on the ARN ``…/p-*``.
"""
