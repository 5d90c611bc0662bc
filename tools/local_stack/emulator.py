"""The process of the embedded AWS."""

import http.client
import socket
from http import HTTPStatus

from tools.local_stack.children import Children
from tools.local_stack.environment import emulator_environment
from tools.local_stack.errors import LocalStackError
from tools.local_stack.interruption import Interruption
from tools.local_stack.settings import HOST, StackSettings

NAME = "ministack"
ANSWER_SECONDS = 5
END_SECONDS = 60


class Emulator:
    """One running embedded AWS."""

    def __init__(self, settings: StackSettings, children: Children) -> None:
        """Start the process and return before it answers requests.

        Raises LocalStackError if the port cannot be used.
        """
        _require_free(settings.port)
        self._port = settings.port
        self._children = children
        command = [str(settings.emulator_python), str(settings.emulator_program)]
        self._process = children.start(NAME, command, emulator_environment(settings))

    def wait_until_ready(self, interruption: Interruption) -> None:
        """Wait until the embedded AWS answers requests."""
        while not _answers(self._port):
            self.check()
            interruption.pause()

    def end(self) -> None:
        """Stop the process, after it has written its state where that is enabled."""
        self._process.terminate()
        self._process.wait(END_SECONDS)

    def check(self) -> None:
        """Raise LocalStackError if the process has ended."""
        if self._process.poll() is not None:
            raise LocalStackError(f"The embedded AWS ended: {self._children.details(NAME)}")


def _require_free(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except (OSError, OverflowError) as error:
            raise LocalStackError(
                f"Port {port} cannot be used ({error}): stop the program that uses it, "
                "or choose another port with `make run PORT=…`."
            ) from error


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
