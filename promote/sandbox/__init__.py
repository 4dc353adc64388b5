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

CodeBuild and CodePipeline run what they are told: the commands of a buildspec are processes of this
machine with the credentials of the project's service role and nothing else of the host's, on the
PATH of this installation; artifacts are zip files in S3, read and written by the roles that AWS
uses, behind their keys; services become roles by the trust policies with ``aws:SourceArn`` and
``aws:SourceAccount``; whoever gives a role must pass it; stages, conditions (VariableCheck),
approvals, retries, stops, rollbacks and the mode QUEUED are CodePipeline's. What is not carried out
is refused by name when a project or pipeline is written.

Not faithful: only roles and buckets have resource policies, so other services are denied across
accounts; nobody administers the organisation by delegation; policies of VPC endpoints come with
the world and cannot be changed by a call, and S3 blocks no public ones; groups are not served; a
role that is deleted and made again keeps the trust that named it; aws:SecureTransport is always
true, although the transport is plain HTTP; policies outside the fragment of `promote.iam` are
refused on write; training and starting take seconds; an operation without a mapping here is
denied; presigned URLs are refused and the time of a signature is not looked at; AWS-managed
policies of IAM do not exist.

Of builds and pipelines: a build shares this machine's disk, processes and tools (image and compute
are noted, not used) and is not kept from its network, but for pip, whose ``install`` of our own
distribution does nothing and of any other fails; its log is read by
`promote.sandbox.admin.build_log`, not in CloudWatch, whose log group is taken to be there; its
credentials are variables and last an hour; nothing waits for machines. No executions begin by
events, schedules or polling, and nothing is published to the topic of an approval, although the
role must be allowed to. Of stage conditions there is VariableCheck by Python's expressions, of
results no RETRY.

Where AWS is silent we read: parameters are checked after authorisation; Start in a wrong state is
ResourceInUse before any quota; too many units is LimitExceeded, as too many running models is;
SCPs and RCPs spread as slowly as IAM's policies do; CreatePolicy is on the ARN ``…/p-*``; a build
whose phase says ABORT leaves neither artifacts nor reports; each pattern of artifacts must match,
and a report without files fails the build; a variable that is exported but never set is empty; a
condition whose variable is missing fails its stage, also where it would skip it; a value takes the
place of its variable as it is, in JSON too; a rollback checks conditions, and has an execution id
of its own; a new pipeline starts by itself unless a variable has no default.
"""
