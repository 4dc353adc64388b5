"""Build the sandbox's parts once and hold them together."""

from __future__ import annotations

from promote.sandbox.authorisation import Authoriser
from promote.sandbox.bucket_policies import BucketPolicies
from promote.sandbox.calllog import CallLog
from promote.sandbox.clock import Clock
from promote.sandbox.context import ContextKeys
from promote.sandbox.credentials import CredentialStore
from promote.sandbox.delivery_services import DeliveryServices
from promote.sandbox.encryption_keys import EncryptionKeys
from promote.sandbox.faults import FaultBox, Throttle
from promote.sandbox.formation.stacks import Stacks
from promote.sandbox.iam_writes import WriteGuard
from promote.sandbox.operations import OperationTable
from promote.sandbox.organization import OrganizationTree
from promote.sandbox.principals import Directory
from promote.sandbox.propagation import PolicyHistory
from promote.sandbox.rekognition import CustomLabels
from promote.sandbox.service_roles import ServiceRoles
from promote.sandbox.settings import SettingsBox
from promote.sandbox.signing_keys import SigningKeys
from promote.sandbox.storage import Storage
from promote.sandbox.sts import TokenService
from promote.sandbox.world import World, WorldBox


class Parts:
    """Everything that serves requests, wired."""

    def __init__(self, world: World, clock: Clock, settings: SettingsBox, seed: int = 0) -> None:
        self.clock = clock
        self.settings = settings
        self.world = WorldBox(world)
        self.storage = Storage()
        self.log = CallLog()
        self.faults = FaultBox()
        self.throttle = Throttle(clock, settings)
        self.credentials = CredentialStore(clock)
        self.history = PolicyHistory(clock, settings, seed)
        self.directory = Directory(self.storage, self.credentials, self.history)
        self.organization = OrganizationTree(self.storage, self.world, self.history)
        self.authoriser = Authoriser(self.history, self.world)
        self.context = ContextKeys(self.world, self.history, clock)
        self.keys = SigningKeys(self.storage, self.history)
        self.write_guard = WriteGuard(self.directory, self.authoriser, self.world)
        self.made_keys = EncryptionKeys(self.storage, self.write_guard, self.history)
        self.stacks = Stacks()
        self.operations = OperationTable(
            self.storage,
            self.directory,
            self.organization,
            self.world,
            self.keys,
            made_keys=self.made_keys,
            stacks=self.stacks,
        )
        self.bucket_policies = BucketPolicies(self.storage, self.write_guard, self.history)
        self.rekognition = CustomLabels(clock, settings, self.world, self.storage.put)
        self.tokens = TokenService(self.authoriser, self.credentials, self.directory, clock)
        self.delivery = DeliveryServices(
            self._service_roles(), self.storage, self.made_keys, self.world, clock
        )

    def _service_roles(self) -> ServiceRoles:
        return ServiceRoles(
            self.authoriser,
            self.credentials,
            self.directory,
            self.context,
            log=self.log,
            clock=self.clock,
        )

    def clear(self) -> None:
        """Forget the world; settings, and the numbering of calls, stay."""
        self.delivery.clear()
        self.stacks.clear()
        self.storage.reset()
        self.credentials.clear()
        self.history.clear()
        self.bucket_policies.clear()
        self.keys.clear()
        self.rekognition.clear()
        self.faults.clear()
        self.log.clear()
