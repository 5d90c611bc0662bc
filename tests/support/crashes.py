"""Ports whose calls crash the process, as a kill does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class KilledError(BaseException):
    """The process has crashed. No code may catch this."""


@dataclass
class Death:
    at: int
    phase: str
    calls: int = 0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def mortal(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            self.calls += 1
            if self.phase == "before":
                self._strike()
            result = call(*arguments, **named)
            if self.phase == "after":
                self._strike()
            return result

        return mortal

    def _strike(self) -> None:
        if self.calls == self.at:
            raise KilledError


@dataclass
class Mortal:
    """A port whose calls, counted together with those of others, crash the process."""

    port: Any
    death: Death

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        found = getattr(self.port, name)
        return self.death.around(found) if callable(found) else found
