"""Name the types that neither the sandbox nor moto emulates: kept as written, and said so.

A stack that has one says at the resource: ``recorded only: the sandbox does not emulate it``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from promote.sandbox.formation.kinds import Made, Properties, ResourceKind, Site

_NOT_EMULATED: Final = "the sandbox does not emulate it"

RECORDED: Final[Mapping[str, str]] = {
    "AWS::CodeStarNotifications::NotificationRule": "nothing here sends its notifications",
    "AWS::Events::EventBusPolicy": "nothing here sends events to a bus of another account",
    "AWS::ServiceCatalog::LaunchRoleConstraint": "nothing here launches products",
    "AWS::ServiceCatalog::CloudFormationProduct": "nothing here launches products",
    "AWS::ServiceCatalog::Portfolio": "nothing here launches products",
    "AWS::ServiceCatalog::PortfolioPrincipalAssociation": "nothing here launches products",
    "AWS::ServiceCatalog::PortfolioProductAssociation": "nothing here launches products",
    "AWS::ServiceCatalog::PortfolioShare": "nothing here launches products",
    "AWS::CloudFormation::StackSet": "stacks of other accounts are deployed one by one here",
}
"""Why nothing is missed, by type."""


def _record(_: Site, name: str, __: Properties) -> Made:
    return Made(name)


def _rewrite(_: Site, made: Made, __: Properties, ___: Properties) -> Made:
    return made


def _drop(_: Site, __: Made, ___: Properties) -> None:
    """Forget it with its stack."""


KINDS: Final = tuple(
    ResourceKind(
        type=name,
        recorded=f"{_NOT_EMULATED} ({why})",
        create=_record,
        update=_rewrite,
        delete=_drop,
    )
    for name, why in RECORDED.items()
)
