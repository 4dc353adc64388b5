"""What an environment says goes over `defaults`, and both over what is built in."""

from __future__ import annotations

from datetime import timedelta

from promote.config import parse
from promote.core.parts import Deadlines, PointerAddress, Propagation, Quotas, Smoke
from tests.unit.config.files import SMALL

DEFAULTS = """\
defaults:
  reader_role: auditor
  external_id: tools
  consumers: [storefront, batch]
  propagation: {consecutive: 5}
  smoke: {images: golden/, min_accuracy: 0.8}
"""


class TestBuiltInDefaults:
    def test_a_small_file_gets_the_designs_defaults(self) -> None:
        topology = parse(SMALL)
        environment = topology.environments[0]
        assert topology.ml.quotas == Quotas(running=2, units=5)
        assert topology.models[0].service == "rekognition"
        assert topology.ledger is None
        assert environment.reader_role == "promote-reader"
        assert environment.operator_role == "promote-operator-{environment}"
        assert environment.deployer_role == "promote-deployer"
        assert environment.smoke_role == "promote-smoke"
        assert environment.access_role == "{model}-{environment}"
        assert environment.external_id is None
        assert environment.consumers == ()
        assert environment.policy_name == "promote-{model}"
        assert environment.pointer == PointerAddress(name="/models/{model}/version-arn")
        assert environment.propagation == Propagation()
        assert environment.deadlines == Deadlines()
        assert environment.drain == timedelta(minutes=5)
        assert environment.smoke == Smoke()


class TestLayers:
    def test_defaults_reach_every_environment(self) -> None:
        environment = parse(DEFAULTS + SMALL).environments[0]
        assert environment.reader_role == "auditor"
        assert environment.consumers == ("storefront", "batch")
        assert environment.smoke == Smoke(images="golden/", min_accuracy=0.8)

    def test_mappings_are_merged_key_by_key(self) -> None:
        text = (
            f"{DEFAULTS}{SMALL}    smoke: {{min_accuracy: 1}}\n    propagation: {{deadline: 1h}}\n"
        )
        environment = parse(text).environments[0]
        assert environment.smoke == Smoke(images="golden/", min_accuracy=1.0)
        assert environment.propagation == Propagation(consecutive=5, deadline=timedelta(hours=1))

    def test_lists_are_replaced(self) -> None:
        environment = parse(f"{DEFAULTS}{SMALL}    consumers: [nightly]\n").environments[0]
        assert environment.consumers == ("nightly",)

    def test_null_undoes_a_default(self) -> None:
        text = (
            f"{DEFAULTS}{SMALL}    reader_role: null\n    external_id: ~\n    smoke: {{images: }}\n"
        )
        environment = parse(text).environments[0]
        assert environment.reader_role is None
        assert environment.external_id is None
        assert environment.smoke.images is None
