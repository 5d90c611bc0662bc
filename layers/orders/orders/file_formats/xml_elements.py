"""The orders of an XML document that is read as a stream, with their original bytes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from orders.domain.file_records import UnreadableFileError
from orders.domain.problems import shown
from orders.file_formats.bounds import expect_kept

_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_TAG = re.compile(rb"""<(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""")
_ROOT, _CHILD = 1, 2
_DEEPEST = 256


@dataclass(frozen=True, slots=True)
class Shape:
    """What a document is made of.

    `orders` are children of the root. If the first child of an order is a `row`, its rows are the
    orders instead. `key` is the child with the external id. An order may be in a `container`, which
    is a child of the root. `kind` is the child that says what an order is: elements that are of
    none of the `kinds`, which are in small letters, are left out of the parts. `secrets` are
    children of the root that are cut out. `members` are other children of the root that are kept to
    be read, and `read` those that need not be read.
    """

    root: str
    orders: frozenset[str]
    key: str
    row: str = ""
    secrets: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset()
    kind: str = ""
    kinds: frozenset[str] = frozenset()
    container: str = ""

    def has(self, kind: str) -> bool:
        """Return whether an element of this kind is an order. Without a kind, it is one."""
        return not kind.strip() or kind.strip().lower() in self.kinds or not self.kinds


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of the document: its head, an order with what is before it, or its tail."""

    raw: bytes
    key: str | None = None


class Splitter:
    """Splits a document. The parts are its bytes, but for the secrets and other kinds of orders."""

    def __init__(self, shape: Shape, encoding: str) -> None:
        self._shape = shape
        self._parser = _parser(encoding)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._data = b""
        self._offset = 0  # that of `_data` in the document
        self._done = 0  # so much of `_data` was taken
        self._level = 0
        self._order_level = _CHILD
        self._orders_in = ""  # the name of the children of the root that are orders, or have them
        self._names = ["", "", "", ""]  # of the open elements, by level
        self._begins = [0, 0, 0, 0]
        self._children = [False, False, False, False]
        self._named = tuple(filter(None, (shape.key, shape.kind)))
        self._read: dict[str, str] = {}  # the texts of the key and the kind
        self._reading = ""  # which of them is read
        self._text: list[str] = []
        self._inner: list[str | None] = []  # the keys of the orders in a container
        self._has_container = False  # whether the parser is in one
        self._head_end = 0
        self._cuts: list[tuple[int, str | None, bool]] = []
        self._secrets: list[tuple[int, int]] = []
        self._has_orders = False
        self.orders = 0
        self.members: list[bytes] = []
        self._members_size = 0
        self.ignored: dict[str, None] = {}

    def parts(self, blocks: Iterable[bytes]) -> Iterator[Part]:
        """Yield the head, the orders and the tail. Raises UnreadableFileError."""
        for block in blocks:
            self._data = self._data[self._done :] + block
            self._offset += self._done
            self._done = 0
            self._parse(block, is_last=False)
            yield from self._cut()
            expect_kept(len(self._data) - self._done, self.orders + 1, f"Element {self.orders + 1}")
        self._parse(b"", is_last=True)
        yield from self._cut()
        if not self._has_orders:
            yield Part(self._taken(self._head_end))
        yield Part(self._taken(self._offset + len(self._data)))

    def _parse(self, block: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(block, is_last)
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, "it cannot be read")
            place = f"line {error.lineno}, column {error.offset + 1}"
            message = f"The file is not valid XML: {place}: {reason}"
            raise UnreadableFileError("malformed", message, self.orders + 1) from None
        except (LookupError, ValueError):
            message = "The charset of the XML is unsupported; send UTF-8"
            raise UnreadableFileError("unsupported_charset", message) from None

    def _cut(self) -> Iterator[Part]:
        for end, key, is_order in self._cuts:
            if not self._has_orders:
                self._has_orders = True
                yield Part(self._taken(self._head_end))
            raw = self._taken(end)
            if is_order:
                self.orders += 1
                yield Part(raw, key)
        self._cuts.clear()

    def _taken(self, end: int) -> bytes:
        """Return the bytes up to `end` without secrets, and forget them."""
        start, stop_at = self._offset + self._done, end - self._offset
        taken = self._data[self._done : stop_at]
        self._done = stop_at
        if not self._secrets:
            return taken
        for begin, stop in reversed(self._secrets):
            if stop <= end:
                taken = taken[: begin - start] + taken[stop - start :]
        self._secrets = [each for each in self._secrets if each[1] > end]
        return taken

    def _start(self, name: str, _attributes: object) -> None:
        self._level += 1
        level = self._level
        text_level = self._order_level + 1 + self._has_container
        if level > text_level:
            if level > _DEEPEST:
                raise self._malformed(f"must have at most {_DEEPEST} levels of elements")
            return
        if level == text_level and self._children[level - 1]:
            # Nearly all elements are children of orders.
            if name.endswith(self._named):
                self._start_text(name)
            return
        local = name.rpartition(":")[2]
        begin = self._parser.CurrentByteIndex
        self._check(level, local, begin)
        if level < len(self._begins):
            self._names[level], self._begins[level], self._children[level] = local, begin, False
        self._children[level - 1] = True
        if level == text_level:
            self._start_text(name)
        elif level == self._order_level:
            self._has_container = local == self._shape.container

    def _check(self, level: int, local: str, begin: int) -> None:
        """Check the root, and find out whether rows are the orders."""
        if level == _ROOT:
            if local != self._shape.root:
                raise self._malformed(
                    f"must have the root <{self._shape.root}>; got {shown(local)}"
                )
            self._head_end = self._end_of_tag(begin)
        elif level == _CHILD and local in self._shape.orders:
            self._orders_in = self._orders_in or local
            if local != self._orders_in:
                raise self._malformed(
                    f"must have all orders in <{self._orders_in}>; got <{local}> too"
                )
        elif level == _CHILD + 1 and not self._children[_CHILD] and local == self._shape.row:
            self._open_rows()

    def _start_text(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local in self._named and self._is_order(self._order_level + self._has_container):
            self._text.clear()
            self._reading = local
            self._parser.CharacterDataHandler = self._text.append

    def _open_rows(self) -> None:
        """Take the rows of an element for orders, and those of all elements like it."""
        name = self._names[_CHILD]
        if name not in self._shape.orders or name == self._shape.row or self._has_rows():
            return
        if self._has_orders or self._cuts:
            raise self._mixed(name)
        self._order_level = _CHILD + 1
        self._head_end = self._end_of_tag(self._begins[_CHILD])

    def _is_order(self, level: int) -> bool:
        name = self._names[level]
        if not self._has_rows():
            return name in self._shape.orders
        return name == self._shape.row and self._names[_CHILD] == self._orders_in

    def _has_rows(self) -> bool:
        """Return whether the orders are the rows of children of the root."""
        return self._order_level > _CHILD

    def _end(self, _name: str) -> None:
        level = self._level
        self._level = level - 1
        if level > self._order_level:
            self._end_in_order(level)
        elif self._has_container and level == self._order_level:
            self._end_container()
        elif level == self._order_level and self._is_order(level):
            self._end_order(level)
        elif level > _CHILD:
            if level == self._order_level and self._names[_CHILD] == self._orders_in:
                raise self._mixed(self._orders_in)
        elif level == _CHILD and self._names[level] == self._orders_in:
            if not self._children[level] and self._has_text(self._begins[level]):
                raise self._mixed(self._orders_in)
        elif level == _CHILD:
            self._end_neighbour()

    def _end_in_order(self, level: int) -> None:
        if self._reading and level == self._order_level + 1 + self._has_container:
            self._parser.CharacterDataHandler = None
            self._read[self._reading] = "".join(self._text)
            self._reading = ""
        elif self._has_container and level == self._order_level + 1 and self._is_order(level):
            is_order, key = self._taken_texts(self._names[level])
            self._inner += [key] if is_order else []

    def _end_container(self) -> None:
        keys, self._inner, self._has_container = self._inner, [], False
        end = self._end_of_element(self._begins[self._order_level])
        self._cuts.append((end, next(iter(keys), None), bool(keys)))

    def _taken_texts(self, name: str) -> tuple[bool, str | None]:
        """Return whether an element is an order, and its key. Names one of another kind."""
        kind = self._read.get(self._shape.kind, "")
        is_order, key = self._shape.has(kind), self._read.get(self._shape.key)
        self._read.clear()
        if not is_order:
            self.ignored[f"{name} ({kind.strip()})"] = None
        return is_order, key

    def _end_order(self, level: int) -> None:
        begin = self._begins[level]
        has_content = self._children[level] or self._has_text(begin)
        is_order, key = self._taken_texts(self._names[level])
        if has_content:
            self._cuts.append((self._end_of_element(begin), key, is_order))

    def _end_neighbour(self) -> None:
        """End a child of the root beside the orders."""
        begin, name = self._begins[_CHILD], self._names[_CHILD]
        end = self._end_of_element(begin)
        if name in self._shape.secrets:
            self._secrets.append((begin, end))
        elif name in self._shape.members:
            self.members.append(self._data[begin - self._offset : end - self._offset])
            self._members_size += end - begin
            expect_kept(self._members_size, None, "What is beside the orders")
        elif name not in self._shape.read:
            self.ignored[name] = None
        if not (self._has_orders or self._cuts or self._has_rows()):
            self._head_end = end

    def _end_of_tag(self, begin: int) -> int:
        found = _TAG.match(self._data, begin - self._offset)
        return self._offset + found.end() if found else begin

    def _end_of_element(self, begin: int) -> int:
        """Return where an element ends, in the handler of its end."""
        index = self._parser.CurrentByteIndex
        place = index - self._offset
        is_empty = self._end_of_tag(begin) == index and self._data[place - 2 : place] == b"/>"
        return index if is_empty else self._offset + self._data.index(b">", place) + 1

    def _has_text(self, begin: int) -> bool:
        content = self._end_of_tag(begin) - self._offset
        text = self._data[content : self._parser.CurrentByteIndex - self._offset]
        return bool(_COMMENT.sub(b"", text).strip())

    def _refuse(self, *_declaration: object) -> None:
        raise self._malformed("must not have a document type declaration (DOCTYPE)")

    def _mixed(self, name: str) -> UnreadableFileError:
        return self._malformed(f"must have rows in each <{name}>, or in none")

    def _malformed(self, what: str) -> UnreadableFileError:
        return UnreadableFileError(
            "malformed", f"The XML {what}", self.orders + len(self._cuts) + 1
        )


def _parser(encoding: str) -> expat.XMLParserType:
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    return parser
