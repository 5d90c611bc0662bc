"""The header Idempotency-Key, and what tells one request with a key from another.

The rules are those of the IETF draft `draft-ietf-httpapi-idempotency-key-header`.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

from orders.application.errors import IdempotencyError, KeyReusedError
from orders.application.ports import Deadline
from orders.domain.problems import shown
from orders.protocols.http import RETRY_AFTER_SECONDS, HttpRequest

KEY_HEADER = "Idempotency-Key"
MAX_KEY_CHARACTERS = 255
# Headers that change what a write does, in any protocol. A preview is no repetition of the write.
_OPTIONS = ("x-dry-run", "x-external-user-id", "x-skip-triggers")

# A string of RFC 9651, which the draft requires, and the bare text that most clients send.
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"', re.ASCII)
_ESCAPED = re.compile(r"\\(.)")
_BARE = re.compile(r"[!#-+\--:<-\[\]-~]+", re.ASCII)
# The encodings in which a body may contain its token.
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


def _unchanged(error: Exception) -> Exception:
    return error


@dataclass(frozen=True, slots=True)
class Caller:
    """The client that sent a request.

    `token` is the one in the body, "" if there is none. `error_for` returns an error in the form in
    which the client gets its answer.
    """

    account: str
    client: str
    token: str = ""
    error_for: Callable[[Exception], Exception] = _unchanged


# Authenticates the client of a write, as the endpoints of its protocol do.
type Identify = Callable[[HttpRequest, Deadline], Caller]


class KeyRefusedError(Exception):
    """The key of a request does not permit to carry it out. The message is written for clients.

    `code` names the reason, for protocols that have no code for it. With `retry_after`, the client
    may repeat the request after these seconds.
    """

    def __init__(self, status: int, code: str, text: str, retry_after: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.retry_after = retry_after


def has_key(request: HttpRequest) -> bool:
    """Return whether a request has the header, also if its value is malformed."""
    return KEY_HEADER.lower() in request.headers


def read_key(request: HttpRequest) -> str:
    """Return the key of a request that has one. Raises KeyRefusedError (400).

    A key in quotes is the same as the bare one.
    """
    sent = request.headers[KEY_HEADER.lower()].strip()
    quoted = _STRING.fullmatch(sent)
    bare = sent if _BARE.fullmatch(sent) else ""
    key = _ESCAPED.sub(r"\1", quoted[1]) if quoted else bare
    if not key.strip() or len(key) > MAX_KEY_CHARACTERS:
        raise KeyRefusedError(
            HTTPStatus.BAD_REQUEST,
            "idempotency_key_malformed",
            f"{KEY_HEADER} must be a string of 1 to {MAX_KEY_CHARACTERS} printable ASCII "
            f'characters in double quotes, such as "8e03978e-40d5-43dd-bc93"; got {shown(sent)}',
        )
    return key


def fingerprint_of(request: HttpRequest, caller: Caller) -> str:
    """Return the SHA-256 of what a request asks for. Raises BodyRefusedError.

    Of the headers, only those count that change what is done. The token in a body does not count:
    a client may repeat a request with a new one.
    """
    digest = hashlib.sha256()
    for part in (request.method, request.resource, *_named(request.path.items())):
        _add(digest.update, part.encode("utf-8", "surrogatepass"))
    queries = ((name, each) for name, values in request.queries.items() for each in values)
    for part in _named(queries):
        _add(digest.update, part.encode("utf-8", "surrogatepass"))
    options = ((name, request.headers.get(name, "").strip()) for name in _OPTIONS)
    for part in _named((name, value) for name, value in options if value):
        _add(digest.update, part.encode("utf-8", "surrogatepass"))
    _add(digest.update, _without(request.body, caller.token))
    return digest.hexdigest()


def refusal_of(error: IdempotencyError) -> KeyRefusedError:
    """Return the refusal of a request whose key is in use, or belongs to another request."""
    if isinstance(error, KeyReusedError):
        return KeyRefusedError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            f"{KEY_HEADER} is already used for another request; send this request with a new key",
        )
    return KeyRefusedError(
        HTTPStatus.CONFLICT,
        "idempotency_key_in_use",
        f"A request is outstanding for this {KEY_HEADER}; send it again after the seconds of the "
        "header Retry-After",
        RETRY_AFTER_SECONDS,
    )


def _named(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return names and values in an order that does not depend on the request's."""
    ordered = sorted(pairs)
    return [str(len(ordered)), *(part for pair in ordered for part in pair)]


def _add(update: Callable[[bytes], None], part: bytes) -> None:
    # The length separates the parts.
    update(f"{len(part)}:".encode())
    update(part)


def _without(body: bytes, token: str) -> bytes:
    for encoding in _ENCODINGS if token else ():
        body = body.replace(token.encode(encoding, "surrogatepass"), b"")
    return body
