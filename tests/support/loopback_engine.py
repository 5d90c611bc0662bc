"""A main program of DynamoDB Local that listens on the loopback interface only.

DynamoDB Local has no option for the address and listens on every interface. This module writes the
class file of a Java program that sets the address before the server starts, because a Java runtime
without a JDK cannot compile. In Java, the program would be:

    DynamoDBProxyServer proxy = ServerRunner.createServerFromCommandLineArgs(arguments);
    Field server = DynamoDBProxyServer.class.getDeclaredField("server");
    server.setAccessible(true);
    ((ServerConnector) ((Server) server.get(proxy)).getConnectors()[0]).setHost("127.0.0.1");
    proxy.start();
"""

from dataclasses import dataclass, field
from pathlib import Path
from struct import pack

NAME = "LoopbackEngine"
HOST = "127.0.0.1"
# Java 8, which every newer version runs.
FORMAT = 52

_LOCAL = "software/amazon/dynamodb/services/local"
_RUNNER = f"{_LOCAL}/main/ServerRunner"
_PROXY = f"{_LOCAL}/server/DynamoDBProxyServer"
_JETTY = "org/eclipse/jetty/server"
_CLASS, _FIELD = "java/lang/Class", "java/lang/reflect/Field"


@dataclass
class _Constants:
    """The constants of a class file. Each method returns the number of a constant."""

    entries: list[bytes] = field(default_factory=list)

    def text(self, value: str) -> int:
        return self._number(pack(">BH", 1, len(value)) + value.encode())

    def type(self, name: str) -> int:
        return self._number(pack(">BH", 7, self.text(name)))

    def string(self, value: str) -> int:
        return self._number(pack(">BH", 8, self.text(value)))

    def method(self, owner: str, name: str, signature: str) -> int:
        named = self._number(pack(">BHH", 12, self.text(name), self.text(signature)))
        return self._number(pack(">BHH", 10, self.type(owner), named))

    def _number(self, entry: bytes) -> int:
        if entry not in self.entries:
            self.entries.append(entry)
        return self.entries.index(entry) + 1


def write_loopback_engine(folder: Path) -> str:
    """Write the class file to a folder of the class path, and return the name of the class."""
    (folder / f"{NAME}.class").write_bytes(_class_file())
    return NAME


def _class_file() -> bytes:
    constants = _Constants()
    code = _code(constants)
    # At most two values are on the stack, and there are three local variables.
    attribute = pack(">HHI", 2, 3, len(code)) + code + pack(">HH", 0, 0)
    main = pack(
        *(">HHHH", 0x0009, constants.text("main"), constants.text("([Ljava/lang/String;)V"), 1),
    ) + pack(">HI", constants.text("Code"), len(attribute))
    own, parent = constants.type(NAME), constants.type("java/lang/Object")
    return b"".join(
        [
            pack(">IHHH", 0xCAFEBABE, 0, FORMAT, len(constants.entries) + 1),
            *constants.entries,
            # A public class without interfaces and fields, with one method and no attributes.
            pack(">HHHHHH", 0x0021, own, parent, 0, 0, 1),
            main + attribute,
            pack(">H", 0),
        ]
    )


def _code(constants: _Constants) -> bytes:
    def static(*method: str) -> bytes:
        return pack(">BH", 0xB8, constants.method(*method))

    def call(*method: str) -> bytes:
        return pack(">BH", 0xB6, constants.method(*method))

    def push(constant: int) -> bytes:
        return pack(">BH", 0x13, constant)

    def cast(name: str) -> bytes:
        return pack(">BH", 0xC0, constants.type(name))

    load_arguments, load_proxy, load_field = b"\x2a", b"\x2b", b"\x2c"
    store_proxy, store_field = b"\x4c", b"\x4d"
    zero, one, item_of_array, end = b"\x03", b"\x04", b"\x32", b"\xb1"
    create = "createServerFromCommandLineArgs"
    return b"".join(
        [
            *(load_arguments, static(_RUNNER, create, f"([Ljava/lang/String;)L{_PROXY};")),
            *(store_proxy, push(constants.type(_PROXY)), push(constants.string("server"))),
            call(_CLASS, "getDeclaredField", f"(Ljava/lang/String;)L{_FIELD};"),
            *(store_field, load_field, one, call(_FIELD, "setAccessible", "(Z)V")),
            *(load_field, load_proxy),
            call(_FIELD, "get", "(Ljava/lang/Object;)Ljava/lang/Object;"),
            cast(f"{_JETTY}/Server"),
            call(f"{_JETTY}/Server", "getConnectors", f"()[L{_JETTY}/Connector;"),
            *(zero, item_of_array, cast(f"{_JETTY}/ServerConnector")),
            push(constants.string(HOST)),
            call(f"{_JETTY}/ServerConnector", "setHost", "(Ljava/lang/String;)V"),
            *(load_proxy, call(_PROXY, "start", "()V"), end),
        ]
    )
