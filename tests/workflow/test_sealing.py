"""The end of each promotion is signed where promote.yaml names a key, and verified offline."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from promote.core.events import Warned
from promote.core.record import PromotionEnded, Sealed
from promote.errors import InputError
from promote.ledger.signatures import public_key
from promote.workflow.journal import Journal
from tests.builders import a_topology
from tests.fake_signer import KEY, FakeSigner, public_pem
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting

_FORMAT = serialization.PublicFormat.SubjectPublicKeyInfo


def a_signing_world() -> FakeWorld:
    """Build the default world, whose promote.yaml names a key."""
    return FakeWorld(replace(a_topology(), signing_key=KEY))


@pytest.fixture
def signing() -> FakeWorld:
    return a_signing_world()


def of_another_key() -> bytes:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(serialization.Encoding.DER, _FORMAT)


class TestASignedHistory:
    def test_is_verified_with_the_public_key_alone(self, signing: FakeWorld) -> None:
        promoter = Promoting(signing)
        promoter.release(to="qa")
        promoter.release(to="prod")
        found = promoter.verify_history("tools", [public_pem()])
        assert found.broken is None
        assert (found.signatures, found.checked) == (2, True)

    def test_is_not_verified_by_another_key(self, signing: FakeWorld) -> None:
        promoter = Promoting(signing)
        promoter.release()
        broken = promoter.verify_history("tools", [of_another_key()]).broken
        assert broken is not None
        assert KEY in broken.found
        assert promoter.verify_history("tools", [of_another_key(), public_pem()]).ok

    def test_signs_what_no_other_model_or_number_has(self, signing: FakeWorld) -> None:
        promoter = Promoting(signing)
        promoter.release()
        journal = Journal(promoter.world.store, "tools")
        (seal,) = [each for each in journal.records() if isinstance(each, Sealed)]
        journal.append(replace(seal, number=seal.number + 1))
        broken = promoter.verify_history("tools", [public_pem()]).broken
        assert broken is not None
        assert f"number {seal.number + 1}" in broken.expected

    def test_with_a_forged_signature_names_it(self, signing: FakeWorld) -> None:
        promoter = Promoting(signing)
        promoter.release()
        journal = Journal(promoter.world.store, "tools")
        (seal,) = [each for each in journal.records() if isinstance(each, Sealed)]
        for signature in (base64.b64encode(b"forged").decode(), "no base64"):
            journal.append(replace(seal, signature=signature))
            broken = promoter.verify_history("tools", [public_pem()]).broken
            assert broken is not None
            assert broken.record.endswith("6.json")

    def test_whose_last_end_is_not_signed_names_that(self, signing: FakeWorld) -> None:
        promoter = Promoting(signing)
        promoter.world = replace(promoter.world, signer=FakeSigner(refuses=True))
        promoter.release()
        broken = promoter.verify_history("tools").broken
        assert broken is not None
        assert broken.found == "none"
        warnings = [each.message for each in promoter.events if isinstance(each, Warned)]
        assert any("not signed" in each and KEY in each for each in warnings)

    def test_is_covered_by_the_next_signature(self, signing: FakeWorld) -> None:
        refused = Promoting(signing)
        refused.world = replace(refused.world, signer=FakeSigner(refuses=True))
        refused.release(to="qa")
        promoter = Promoting(signing)
        promoter.release(to="prod")
        assert promoter.verify_history("tools", [public_pem()]).ok

    def test_covers_every_promotion_that_has_ended(self, signing: FakeWorld) -> None:
        promoter = Promoting(signing)
        result = promoter.release()
        found = promoter.promotion("tools", result.promotion)
        assert found.seal is not None
        assert found.seal.key == KEY


class TestWithoutAKey:
    def test_nothing_is_signed(self, fake: FakeWorld) -> None:
        promoter = Promoting(fake)
        promoter.release()
        kinds = {type(each) for each in fake.records()}
        assert PromotionEnded in kinds
        assert Sealed not in kinds
        assert promoter.verify_history("tools").ok

    def test_a_public_key_asks_for_signatures(self, fake: FakeWorld) -> None:
        promoter = Promoting(fake)
        promoter.release()
        assert not promoter.verify_history("tools", [public_pem()]).ok


class TestAPublicKey:
    def test_must_be_on_an_elliptic_curve(self) -> None:
        other = ed25519.Ed25519PrivateKey.generate().public_key()
        with pytest.raises(InputError, match="elliptic"):
            public_key(other.public_bytes(serialization.Encoding.PEM, _FORMAT))

    def test_must_be_one(self) -> None:
        with pytest.raises(InputError, match="neither PEM nor DER"):
            public_key(b"ssh-rsa")
