"""Starts and stops a local stack."""

from collections.abc import Callable
from dataclasses import asdict
from types import TracebackType
from typing import Self

from tools.local_stack.aws import EmbeddedAws
from tools.local_stack.children import Children
from tools.local_stack.demo import load_demo
from tools.local_stack.deployment import Deployment, build, deploy
from tools.local_stack.emulator import Emulator
from tools.local_stack.endpoint import Endpoint, remove_endpoint, write_endpoint
from tools.local_stack.interruption import Interruption
from tools.local_stack.settings import StackSettings
from tools.local_stack.state import StateFolder
from tools.local_stack.triggers import TriggerLog


class LocalStack:
    """The order hub on an embedded AWS, as a context manager: it starts on entry, stops on exit.

    Tests can use it with a free port and a separate state folder.
    """

    endpoint: Endpoint
    deployment: Deployment

    def __init__(
        self,
        settings: StackSettings,
        interruption: Interruption | None = None,
        report: Callable[[str], None] = lambda _progress: None,
    ) -> None:
        """Start nothing yet; `report` receives a line about each step."""
        self.aws = EmbeddedAws(settings.aws_endpoint)
        self._settings = settings
        self._interruption = interruption or Interruption()
        self._report = report
        self._folder = StateFolder(settings)
        self._children = Children(
            str(settings.state), settings.logs, self._interruption, self._report
        )
        self._emulator: Emulator | None = None
        self._triggers: TriggerLog | None = None

    def __enter__(self) -> Self:
        """Start the stack. If that fails, everything that was started ends."""
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """End everything that the stack started."""
        self._stop()

    def wait(self) -> None:
        """Wait for a request to stop.

        Raises StopRequestedError at such a request, LocalStackError if the embedded AWS ends.
        """
        while self._emulator is not None:
            self._emulator.check()
            self._interruption.pause()

    def restart(self) -> None:
        """End the embedded AWS and its functions while they work, then start it again.

        Stored data survives only if the settings make the embedded AWS keep its state.
        """
        if self._emulator is not None:
            self._emulator.end()
        self._children.sweep()
        self._emulator = Emulator(self._settings, self._children)
        self._emulator.wait_until_ready(self._interruption)

    def _start(self) -> None:
        self._folder.claim()
        self._remove_leftovers()
        self._folder.prepare()
        self._interruption.check()
        self._report("Starting the embedded AWS …")
        emulator = Emulator(self._settings, self._children)
        self._emulator = emulator
        self._report("Building the functions and layers …")
        build(self._settings, self._children)
        emulator.wait_until_ready(self._interruption)
        self._report("Deploying template.yaml …")
        self.deployment = deploy(self._settings, self._children, self.aws)
        self._interruption.check()
        self._subscribe()
        self._report("Loading the demo account …")
        self.endpoint = self._describe()
        self._interruption.check()
        write_endpoint(self.endpoint, self._settings.state)

    def _subscribe(self) -> None:
        triggers = TriggerLog(self.aws, self.deployment.event_bus_name, self._settings.events_log)
        triggers.start()
        self._triggers = triggers

    def _describe(self) -> Endpoint:
        demo = load_demo(self.aws, self.deployment.table_name)
        base_url = self.deployment.base_url
        return Endpoint(
            **asdict(demo),
            base_url=base_url,
            token_url=f"{base_url}/oauth/token",
            events_log=str(self._settings.events_log),
            aws_endpoint=self._settings.aws_endpoint,
        )

    def _remove_leftovers(self) -> None:
        remove_endpoint(self._settings.state)
        self._children.sweep()

    def _stop(self) -> None:
        # Without the claim, the folder and its processes belong to another running stack.
        if not self._folder.is_claimed():
            return
        if self._triggers is not None:
            self._triggers.stop()
        self._remove_leftovers()
        self._folder.clear()
        self._folder.release()
