"""Hold what a running sandbox lets itself be told: how long things take, how strict it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """The durations in seconds, and the throttle in calls per second (0: none)."""

    start_seconds: float = 2.0
    stop_seconds: float = 1.0
    training_seconds: float = 2.0
    delete_seconds: float = 0.5
    propagation_seconds: float = 1.0
    control_calls_per_second: float = 0.0
    detect_calls_per_second: float = 0.0
    latency_seconds: float = 0.0


class SettingsBox:
    """Holds the present settings; every part reads them at each use."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.current = settings or Settings()

    def change(self, values: Mapping[str, Any]) -> Settings:
        """Change some settings.

        Raises:
            ValueError: A name is unknown, or a value is no number of at least 0.
        """
        known = {item.name for item in fields(Settings)}
        for name, value in values.items():
            numeric = isinstance(value, int | float) and not isinstance(value, bool)
            if name not in known or not numeric or value < 0:
                msg = f"{name}={value!r}: settings are {', '.join(sorted(known))}, each from 0"
                raise ValueError(msg)
        self.current = replace(self.current, **{k: float(v) for k, v in values.items()})
        return self.current

    def to_json(self) -> dict[str, float]:
        """Return the settings by name."""
        return asdict(self.current)
