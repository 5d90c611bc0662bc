"""Files of attackers and of broken systems, which are imported by jobs.

Each is made in any size, and has the words that the job must end with: its state and its failure,
or the codes and the messages of its problems.
"""

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import shake_128
from itertools import chain, count
from typing import Any

from orders.domain.file_records import UNCHOSEN, FileOptions
from tests.support.samples import order, to_xml

MEGABYTE = 2**20
FULL = 20 * MEGABYTE
SMALL = 20_000
type Tree = dict[str, Any]


@dataclass(frozen=True)
class HostileFile:
    """A file. `make` yields its bytes, about as many as the argument of the call.

    `ends` are texts that the job must contain when it has ended. `full` and `small` are the sizes
    for the measurements and for the tests. If `needs_size`, only a large file ends so.
    """

    name: str
    file_name: str
    make: Callable[[int], Iterator[bytes]]
    ends: tuple[str, ...] = ()
    options: FileOptions | None = None
    full: int = FULL
    small: int = SMALL
    needs_size: bool = False


def _whole(unit: bytes, size: int) -> Iterator[bytes]:
    """Yield a unit again and again."""
    block = unit * max(1, MEGABYTE // len(unit))
    for start in range(0, size, len(block)):
        yield block[: max(len(unit), (size - start) // len(unit) * len(unit))]


def _numbered(unit: bytes, size: int) -> Iterator[bytes]:
    """Yield a unit with a different number in the place of `%d`."""
    written = 0
    for number in count():
        if written >= size:
            return
        made = unit.replace(b"%d", b"%d" % number)
        written += len(made)
        yield made


def _filled(unit: bytes, head: bytes = b"", tail: bytes = b"") -> Callable[[int], Iterator[bytes]]:
    made = _numbered if b"%d" in unit else _whole
    return lambda size: chain((head,), made(unit, size), (tail,))


def _chosen(name: str, **members: Any) -> FileOptions:  # noqa: ANN401 - members of the options
    guessed = tuple(each for each in UNCHOSEN.guessed if each not in {"format", *members})
    return FileOptions(format=name, **members, guessed=guessed)


ORDER = json.dumps(order(external_id="A%d")).encode()
LINE = ORDER + b"\n"
# A header and a row of the Altcraft CSV.
HEAD = (
    b"external_id,email,matching,endpoint,status,total_price,currency,line.external_id,"
    b"line.sku,line.count,line.final_price_per_item\n"
)
ROW = b"A%d,a@example.com,email,website,new,900,USD,1,mug,1,900\n"


def _packed(make: Callable[[int], Iterator[bytes]]) -> Callable[[int], Iterator[bytes]]:
    def packed(size: int) -> Iterator[bytes]:
        deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
        for part in make(size):
            yield deflate.compress(part)
        yield deflate.flush()

    return packed


def _zipped(
    *members: tuple[str, Callable[[int], Iterator[bytes]]],
) -> Callable[[int], Iterator[bytes]]:
    def made(size: int) -> Iterator[bytes]:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, make in members:
                with archive.open(name, "w", force_zip64=True) as opened:
                    for part in make(size):
                        opened.write(part)
        yield whole.getvalue()

    return made


def _local(name: bytes, flags: int, method: int, size: int, extra: bytes = b"") -> bytes:
    """Return a local header of a zip file, with one size for both sizes."""
    numbers = (45, flags, method, 0, 0, 0, size, size, len(name), len(extra))
    return b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", *numbers) + name + extra


def _zip_of_headers(size: int) -> Iterator[bytes]:
    yield from _whole(_local(b"x/", 0, 0, 0), size)


def _zip64_lie(size: int) -> Iterator[bytes]:
    extra = struct.pack("<HHQQ", 1, 16, 5, 2**63)
    yield _local(b"a.csv", 0, 0, 0xFFFFFFFF, extra)
    yield from _whole(HEAD, min(size, MEGABYTE))


def _descriptor_lie(size: int) -> Iterator[bytes]:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b"".join(_filled(ROW, HEAD)(min(size, MEGABYTE)))
    yield _local(b"a.csv", 8, 8, 0) + deflate.compress(data) + deflate.flush()
    yield b"PK\x07\x08" + struct.pack("<III", zlib.crc32(data), 1, 2**32 - 1) + b"PK\x01\x02"


def _compression() -> Iterator[HostileFile]:
    zeros = _filled(bytes(1000))
    yield HostileFile(
        "gzip: a bomb of one cell",
        "a.csv.gz",
        _packed(_filled(b"x")),
        ("failed", "format of the file is not known"),
        full=100 * MEGABYTE,
        needs_size=True,
    )
    yield HostileFile(
        "gzip: a bomb of blank lines",
        "a.csv.gz",
        _packed(_filled(b"\n", HEAD + ROW)),
        ("failed", "blank rows"),
        full=300 * MEGABYTE,
        needs_size=True,
    )
    yield HostileFile(
        "gzip: a bomb of equal rows",
        "a.csv.gz",
        _packed(_filled(ROW.replace(b"%d", b""), HEAD)),
        ("failed",),
        full=100 * MEGABYTE,
        needs_size=True,
    )
    yield HostileFile(
        "gzip in gzip",
        "a.csv.gz",
        lambda size: iter([gzip.compress(gzip.compress(bytes(size)))]),
        ("failed", "compressed file"),
    )
    yield HostileFile(
        "gzip: members of nothing",
        "a.csv.gz",
        _filled(gzip.compress(b"")),
        ("failed", ""),
        FileOptions(format="altcraft_csv", compression="gzip"),
    )
    yield HostileFile(
        "gzip: members of one byte",
        "a.csv.gz",
        _filled(gzip.compress(b"\n")),
        ("failed",),
    )
    yield HostileFile(
        "gzip: cut off",
        "a.csv.gz",
        lambda size: iter([b"".join(_packed(_filled(ROW, HEAD))(size))[:-9]]),
        ("failed", "cut off"),
    )
    yield HostileFile(
        "zip in zip",
        "a.zip",
        _zipped(("b.zip", _zipped(("c.csv", zeros)))),
        ("failed", "compressed file"),
    )
    yield HostileFile(
        "zip: a bomb",
        "a.zip",
        _zipped(("a.csv", _filled(b"\n", HEAD + ROW))),
        ("failed", "blank rows"),
        full=300 * MEGABYTE,
        needs_size=True,
    )
    yield HostileFile(
        "zip: a bomb beside the file",
        "a.zip",
        _zipped(("__MACOSX/a", zeros), ("a.csv", lambda _size: iter([HEAD, ROW]))),
        ("failed", "200 times"),
        full=300 * MEGABYTE,
        needs_size=True,
    )
    yield HostileFile("zip: very many folders", "a.zip", _zip_of_headers, ("failed",))
    yield HostileFile(
        "zip: very many files",
        "a.zip",
        _zipped(*((f"{n}.csv", lambda _size: iter([HEAD])) for n in range(1000))),
        ("failed", "one file"),
    )
    yield HostileFile("zip: a Zip64 size that is too large", "a.zip", _zip64_lie, ("failed",))
    yield HostileFile("zip: sizes that are wrong", "a.zip", _descriptor_lie, ("failed", "damaged"))
    yield HostileFile(
        "zip: a path out of the folder",
        "a.zip",
        _zipped(("../../../etc/passwd", _filled(ROW, HEAD))),
        ("previewed",),
        full=MEGABYTE,
    )


def _case(prefix: str, file_name: str) -> Callable[..., HostileFile]:
    """Return a function that makes cases of one kind from a name, the bytes, and the ends."""

    def made(
        name: str,
        make: bytes | Callable[[int], Iterator[bytes]],
        *ends: str,
        **members: Any,  # noqa: ANN401 - members of the case
    ) -> HostileFile:
        if isinstance(make, bytes):
            make = _filled(make)
        return HostileFile(
            f"{prefix}: {name}", members.pop("file", file_name), make, ends, **members
        )

    return made


csv, lines, array = _case("CSV", "a.csv"), _case("JSON lines", "a.jsonl"), _case("JSON", "a.json")


def _csv() -> Iterator[HostileFile]:
    yield csv("orders", _filled(ROW, HEAD), "previewed", full=10 * MEGABYTE)
    yield csv(
        "a million columns",
        lambda size: iter([b",".join(b"c%d" % n for n in range(size // 6)) + b"\n"]),
        "failed",
        "known",
    )
    yield csv(
        "a million columns after an id",
        lambda size: iter(
            [
                b"external_id,line.sku," + b",".join(b"c%d" % n for n in range(size // 8)) + b"\n",
                b"a,b\n",
            ]
        ),
        "failed",
        full=8 * MEGABYTE,
        needs_size=True,
    )

    def wide(size: int) -> Iterator[bytes]:
        names = [b"custom_fields.%d" % n for n in range(9_900)]
        yield HEAD[:-1] + b"," + b",".join(names) + b"\n"
        yield from _numbered(ROW[:-1] + b",x" * 9_900 + b"\n", size)

    yield csv("the most columns in each row", wide, "previewed")

    def blank(size: int) -> Iterator[bytes]:
        names = [b"custom_fields.%d" % n for n in range(9_900)]
        yield HEAD[:-1] + b"," + b",".join(names) + b"\n"
        yield from _numbered(ROW, size)

    yield csv("the most columns, of which rows have few", blank, "previewed", full=20 * MEGABYTE)
    yield csv("a quote that is not closed", _filled(ROW, HEAD + b'A,"'), "failed", "quote")
    yield csv(
        "a quote that is not closed in each row",
        _filled(b'A%d,"x\n', HEAD),
        "required",
        needs_size=True,
    )
    yield csv(
        "one long line", _filled(b"x"), "failed", "format of the file is not known", needs_size=True
    )
    yield csv(
        "one long line after the header", _filled(b"x", HEAD), "failed", "at most", needs_size=True
    )
    yield csv("one long line of quotes", _filled(b'"', HEAD), "failed", needs_size=True)
    yield csv("one long line of delimiters", _filled(b",", HEAD), "failed")
    yield csv("blank lines", _filled(b"\n"), "failed", full=20 * MEGABYTE)
    yield csv(
        "blank lines before the header",
        _filled(b"\n", b"", HEAD + ROW),
        "failed",
        "blank rows",
        options=_chosen("altcraft_csv"),
        needs_size=True,
    )
    yield csv("blank lines after the header", _filled(b"\n", HEAD), "failed", "failed")
    yield csv("blank lines between rows", _filled(ROW + b"\n" * 1000, HEAD), "previewed")
    yield csv("carriage returns", _filled(b"\r", HEAD + ROW), "")
    yield csv(
        "rows of a key alone", _filled(b"A%d\n", HEAD), "required", full=5 * MEGABYTE, small=2000
    )
    yield csv(
        "rows without a key", _filled(b",a\n", HEAD), "required", full=5 * MEGABYTE, small=2000
    )
    yield csv(
        "rows of one order", _filled(ROW.replace(b"%d", b""), HEAD), "failed", needs_size=True
    )
    short = b"external_id,line.sku\n"
    yield csv("short rows of one order", _filled(b"A,b\n", short), "failed", needs_size=True)
    for million in (1, 8):
        yield csv(
            f"short rows of an order of {million} MB",
            _filled(b"A,b\n", short),
            "order",
            full=million * MEGABYTE - 50_000,
            small=60_000,
        )
    yield csv(
        "short rows of orders of 1 MB each",
        lambda size: chain(
            (short,),
            *(_whole(b"A%d,b\n" % n, min(size, MEGABYTE - 9)) for n in range(size // MEGABYTE + 1)),
        ),
        full=20 * MEGABYTE,
    )


def _csv_values() -> Iterator[HostileFile]:
    yield csv("NUL bytes", _filled(ROW + b"\0" * 10 + b"\n", HEAD), "previewed", full=10 * MEGABYTE)
    yield csv("nothing but NUL bytes", _filled(b"\0"), "failed")
    yield csv(
        "invalid UTF-8",
        _filled(ROW.replace(b"a@", b"\xff\xfe@"), HEAD),
        "illegal_character",
        options=_chosen("altcraft_csv", charset="utf-8"),
        full=10 * MEGABYTE,
    )
    yield csv(
        "mixed charsets",
        lambda size: chain(
            (HEAD,),
            _numbered(ROW, size),
            _numbered("B%d,почта,email\n".encode("cp1251"), 1000),
            _numbered("C%d,почта\n".encode("utf-16-le"), 1000),
        ),
        "previewed",
        full=10 * MEGABYTE,
    )
    for charset in ("utf-16", "utf-16-le", "utf-16-be"):
        yield csv(
            f"in {charset}",
            lambda size, charset=charset: iter(
                [b"".join(_filled(ROW, HEAD)(size)).decode().encode(charset)]
            ),
            "previewed",
            full=10 * MEGABYTE,
        )
    for charset in ("utf-32", "utf-32-le"):
        yield csv(
            f"in {charset}",
            lambda size, charset=charset: iter(
                [b"".join(_filled(ROW, HEAD)(size)).decode().encode(charset)]
            ),
            "failed",
        )
    yield csv(
        "UTF-16 cut off",
        lambda size: iter([b"".join(_filled(ROW, HEAD)(size)).decode().encode("utf-16") + b"x"]),
        "failed",
        full=10 * MEGABYTE,
    )
    yield csv(
        "a long line in UTF-16", lambda size: iter([b"\xff\xfe" + b"x\0" * (size // 2)]), "failed"
    )
    yield csv(
        "formulas",
        _filled(ROW.replace(b"A", b"=cmd|' /C calc'!A"), HEAD),
        "previewed",
        full=5 * MEGABYTE,
    )
    yield csv(
        "formulas in bad rows",
        _filled(ROW.replace(b"A", b"=1+1").replace(b",900,USD", b",x,USD"), HEAD),
        "invalid_value",
        full=5 * MEGABYTE,
    )
    yield csv(
        "very long keys",
        _filled(ROW.replace(b"A", b"A" * 200_000), HEAD),
        "external_id",
        small=300_000,
    )
    yield csv(
        "very long keys that differ",
        lambda size: chain(
            (HEAD,),
            (
                ROW.replace(b"A%d", shake_128(b"%d" % n).hexdigest(50_000).encode())
                for n in range(size // 100_000)
            ),
        ),
        "external_id",
        small=300_000,
        full=20 * MEGABYTE,
    )
    yield csv(
        "very long names of columns",
        lambda size: chain(
            (HEAD[:-1] + b"," + b"custom_fields." + b"n" * min(size, 900_000) + b"\n",),
            _numbered(ROW[:-1] + b",x\n", size),
        ),
        "unknown_custom_field",
        full=5 * MEGABYTE,
    )
    yield csv(
        "the same column very often",
        lambda _size: iter([HEAD[:-1] + b",x" * 9_900 + b"\n", ROW]),
        "failed",
        "once",
    )
    yield csv(
        "very many different columns",
        lambda size: chain(
            (HEAD[:-1] + b"".join(b",%d" % n for n in range(9_900)) + b"\n",), _numbered(ROW, size)
        ),
        full=5 * MEGABYTE,
    )
    yield csv(
        "numbers that are too large",
        _filled(ROW.replace(b"900", b"1e999999"), HEAD),
        "total_price",
        full=5 * MEGABYTE,
    )
    yield csv(
        "numbers of many digits",
        _filled(ROW.replace(b"900", b"9" * 100_000), HEAD),
        "total_price",
        full=5 * MEGABYTE,
        small=MEGABYTE,
    )
    yield csv(
        "one key very often",
        lambda size: chain(
            (HEAD,),
            *([ROW.replace(b"%d", b"1"), ROW.replace(b"%d", b"2")] for _ in range(size // 100)),
        ),
        "duplicate",
        full=10 * MEGABYTE,
    )
    yield csv(
        "many problems in each row",
        _filled(b"A%d,,x,x,x,x,x,x,,x,x\n", HEAD),
        "required",
        "invalid",
        full=10 * MEGABYTE,
    )
    yield csv(
        "a path as a file's name",
        _filled(ROW, HEAD),
        "previewed",
        file="../../../etc/passwd",
        full=MEGABYTE,
    )
    yield csv(
        "many rows with too many cells", _filled(b"A,a" + b",x" * 30 + b"\n", HEAD), full=900_000
    )


def _mapped() -> Iterator[HostileFile]:
    shopify = (
        b"Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,"
        b"Lineitem name,Lineitem price\n"
    )
    yield csv("Shopify: short rows", _filled(b"#1\n", shopify), full=8 * MEGABYTE - 50_000)
    yield csv(
        "Shopify: slow amounts",
        _filled(
            b'#%d,a,paid,USD,"1'
            + b"a" * 197
            + b'1","1'
            + b"a" * 197
            + b'1",2026-01-01,1,x,"1'
            + b"a" * 197
            + b'1"\n',
            shopify,
        ),
        "must be an amount",
        full=3 * MEGABYTE,
    )
    mapping: Tree = {
        "group_by": "id",
        "order": {"external_id": "id", "total_price": {"column": "p", "divide_by": "n"}},
        "line": {
            "external_id": {"template": "{#}"},
            **{f"custom_fields.{n}": {"constant": "x" * 20} for n in range(1000)},
        },
    }
    yield csv(
        "mapping: many constants a line",
        _filled(b"A,1,1\n", b"id,p,n\n"),
        options=_chosen("mapped_csv", mapping=mapping),
        full=MEGABYTE - 50_000,
        small=20_000,
    )
    yield csv(
        "mapping: many constants a line of many orders",
        _filled(b"A%d,1,1\n" + b"A%d\n" * 200, b"id,p,n\n"),
        options=_chosen("mapped_csv", mapping=mapping),
        full=3 * MEGABYTE,
        small=20_000,
    )
    echo: Tree = {**mapping, "line": {"external_id": {"template": "{p}" * 20_000}}}
    yield csv(
        "mapping: a column many times in a template",
        _filled(b"A%d," + b"x" * 50_000 + b",1\n", b"id,p,n\n"),
        options=_chosen("mapped_csv", mapping=echo),
        full=3 * MEGABYTE,
        small=200_000,
    )
    digits: Tree = {
        **mapping,
        "line": {
            "external_id": {"template": "{#}"},
            "final_price_per_item": {"column": "p", "divide_by": "n", "less": "q"},
        },
    }
    yield csv(
        "mapping: a price of many digits",
        _filled(b"A%d," + b"9" * 190 + b",3,1\n", b"id,p,n,q\n"),
        "final_price_per_item",
        options=_chosen("mapped_csv", mapping=digits),
        full=3 * MEGABYTE,
    )
    totals: Tree = {
        **mapping,
        "order": {"external_id": "id", "total_price": {"sum": ["p"]}},
        "line": {"external_id": {"template": "{#}"}},
    }
    yield csv(
        "mapping: sums of many digits",
        _filled(b"A%d," + b"9" * 190 + b",1\n", b"id,p,n\n"),
        "total_price",
        options=_chosen("mapped_csv", mapping=totals),
        full=3 * MEGABYTE,
    )
    woo = b"order_id,date,status,order_total,line_items,currency\n"
    yield csv(
        "WooCommerce: many lines in a cell",
        _filled(b"%d,01/02/2026,completed,1," + b"a:1;" * 20_000 + b",USD\n", woo),
        full=3 * MEGABYTE,
        small=90_000,
    )
    yield csv(
        "WooCommerce: deep JSON in a cell",
        _filled(b'%d,01/02/2026,completed,1,"' + b"[" * 50_000 + b'",USD\n', woo),
        "lines",
        full=3 * MEGABYTE,
        small=60_000,
    )
    yield csv(
        "WooCommerce: large numbers in a cell",
        _filled(
            b'%d,01/02/2026,completed,1,"[{""sku"":1e999999,""quantity"":'
            + b"9" * 5000
            + b'}]",USD\n',
            woo,
        ),
        "lines",
        full=3 * MEGABYTE,
        small=60_000,
    )


def _json_lines() -> Iterator[HostileFile]:
    yield lines("orders", LINE, "previewed", full=10 * MEGABYTE)
    yield lines("blank lines", b"\n", "failed", options=_chosen("json_lines"))
    yield lines("deep arrays", b'{"a":' + b"[" * 100_000 + b"\n", "malformed", small=MEGABYTE)
    yield lines(
        "deep objects",
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n",
        "malformed",
        full=20 * MEGABYTE,
        small=MEGABYTE,
    )
    yield lines("one long line", b'{"a":"x" ', "failed", "at most", needs_size=True)
    yield lines(
        "lines of 7 MB of arrays",
        b'{"a":[' + b"[]," * 2_400_000 + b"[]]}\n",
        "at most 1 MB",
        small=1000,
        full=30 * MEGABYTE,
    )
    yield lines(
        "lines of 900 KB of arrays",
        b'{"a":[' + b"[]," * 300_000 + b"[]]}\n",
        "a",
        small=1000,
        full=5 * MEGABYTE,
    )
    yield lines(
        "lines of 900 KB of objects",
        b'{"custom_fields":[' + b'{"":{}},' * 110_000 + b"[]]}\n",
        "custom_fields",
        small=1000,
        full=5 * MEGABYTE,
    )
    yield lines(
        "numbers that are too large",
        LINE.replace(b'"900"', b"1e999999"),
        "base_price_per_item",
        full=5 * MEGABYTE,
    )
    yield lines(
        "numbers of many digits",
        LINE.replace(b'"A%d"', b"9" * 5000),
        "external_id",
        full=5 * MEGABYTE,
    )
    yield lines(
        "NUL bytes", LINE.replace(b"johndoe", b"\\u0000"), "illegal_character", full=5 * MEGABYTE
    )
    yield lines(
        "surrogates", LINE.replace(b"A%d", b"\\ud800%d"), "illegal_character", full=5 * MEGABYTE
    )
    yield lines(
        "long keys",
        LINE.replace(b"A%d", b"k" * 200_000 + b"%d"),
        "external_id",
        full=10 * MEGABYTE,
        small=10_000,
    )
    yield lines(
        "surrogates in names",
        LINE.replace(b'"email": ', b'"x":{"\\ud800%d":1},"\\udfff%d":2,"email": '),
        "illegal_character",
        full=5 * MEGABYTE,
    )
    yield lines("one key very often", LINE.replace(b"%d", b""), "duplicate", full=10 * MEGABYTE)
    yield lines(
        "a member very often",
        b"{" + b'"email":1,' * 80_000 + b'"email":1}\n',
        "duplicate_member",
        full=5 * MEGABYTE,
        small=1000,
    )
    yield lines(
        "spaces around a note",
        b'{"external_id":"A%d","_import":1,' + b" " * 100_000 + b'"x":1}\n',
        "required",
        full=2 * MEGABYTE,
        small=20_000,
    )
    yield lines(
        "spaces that are half a note",
        b'{"external_id":"A%d","x":"_import"' + b" " * 100_000 + b"}\n",
        "required",
        full=2 * MEGABYTE,
        small=20_000,
    )
    yield lines(
        "braces that are half a note",
        b'{"external_id":"A%d","x":"' + b'\\"_import\\":{' * 20_000 + b'"}\n',
        "required",
        full=2 * MEGABYTE,
        small=20_000,
    )
    yield lines(
        "many unknown names",
        b'{"external_id":"A%d",'
        + b",".join(b'"n%d":1' % n for n in range(20_000)).replace(b"%", b"")
        + b"}\n",
        "required",
        full=10 * MEGABYTE,
        small=200_000,
    )


def _elements(around: bytes, unit: bytes, size: int) -> Iterator[bytes]:
    """Yield an array of four elements, each of many units."""
    element = around.replace(b"%s", unit * (min(size // 4, 7_200_000) // len(unit)))
    return iter([b"[", *[element + b","] * 4, b"1]"])


def _arrays() -> Iterator[HostileFile]:
    yield array("deep arrays", _filled(b"["), "failed", full=20 * MEGABYTE)
    yield array("deep objects", _filled(b'{"a":', b"["), "failed", full=20 * MEGABYTE)
    yield array(
        "elements of 7 MB",
        lambda size: _elements(b"[%s[]]", b"[],", size),
        "previewed",
        "at most 1 MB",
        needs_size=True,
        full=30 * MEGABYTE,
    )
    yield array(
        "elements of 7 MB of objects",
        lambda size: _elements(b'{"a":[%s{}]}', b'{"":{}},', size),
        "previewed",
        "at most 1 MB",
        needs_size=True,
        full=30 * MEGABYTE,
    )
    yield array(
        "many malformed elements", _filled(b"{x},", b"[", b"1]"), "malformed", full=10 * MEGABYTE
    )
    yield array(
        "many malformed elements after a large one",
        lambda size: chain((b'["', b"x" * 4 * MEGABYTE, b'",'), _whole(b"{x},", size), (b"1]",)),
        "malformed",
        full=8 * MEGABYTE,
    )
    yield array("many numbers", _filled(b"1,", b"[", b"1]"), "wrong_type", full=10 * MEGABYTE)
    yield array("one long text", _filled(b"x", b'["'), "failed", "at most", needs_size=True)
    yield array("one long number", _filled(b"9", b"["), "failed")
    yield array("spaces", _filled(b" ", b"["), "failed")
    yield array(
        "no end", _filled(LINE.strip() + b",", b"["), "failed", "cut off", full=10 * MEGABYTE
    )
    yield array(
        "many names around it",
        lambda size: chain((b"{",), _numbered(b'"n%d":1,', size), (b'"data":[', LINE, b"]}")),
        full=7 * MEGABYTE,
        small=50_000,
    )
    yield array(
        "many names after it",
        lambda size: chain((b'{"data":[', LINE, b"]"), _numbered(b',"n%d":1', size), (b"}",)),
        full=7 * MEGABYTE,
        small=50_000,
    )
    yield array(
        "many tokens around it",
        lambda size: chain((b"{",), _whole(b'"token":"x",', size), (b'"data":[', LINE, b"]}")),
        full=7 * MEGABYTE,
        small=50_000,
    )
    yield array(
        "spaces after commas around it",
        lambda size: chain((b'{"a":1', b"," + b" " * size, b'"data":[', LINE, b"]}")),
        full=7 * MEGABYTE,
        small=50_000,
    )
    for depth in (240, 400, 3000):
        nested = b"[" * depth + b"]" * depth
        yield HostileFile(
            f"drafts: {depth} levels",
            "a.jsonl",
            _filled(b'{"orderNumber":"A%d","a":' + nested + b"}\n"),
            ("malformed" if depth > 300 else "invalid_value",),
            _chosen("commercetools_drafts"),
            full=5 * MEGABYTE,
        )
    yield HostileFile(
        "drafts: many problems",
        "a.jsonl",
        _filled(b'{"orderNumber":"A%d","lineItems":[' + b"{}," * 2000 + b"{}]}\n"),
        ("invalid_value",),
        _chosen("commercetools_drafts"),
        full=5 * MEGABYTE,
    )


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
XML = to_xml({"data": [order(external_id="A%d")]}).partition(b"<xml>")[2].partition(b"</xml>")[0]


def _xml() -> Iterator[HostileFile]:
    make = _case("XML", "a.xml")

    def xml(
        name: str,
        unit: bytes,
        *ends: str,
        head: bytes = b"<xml>",
        tail: bytes = b"</xml>",
        **members: Any,  # noqa: ANN401 - members of the case
    ) -> HostileFile:
        return make(name, _filled(unit, head, tail), *ends, **members)

    yield xml("orders", XML, "previewed", full=10 * MEGABYTE)
    yield xml(
        "billion laughs",
        XML,
        "failed",
        "DOCTYPE",
        options=_chosen("altcraft_xml"),
        head=f"<!DOCTYPE xml [{_LAUGHS}]><xml>".encode(),
    )
    yield xml(
        "an external entity",
        XML,
        "failed",
        "DOCTYPE",
        options=_chosen("altcraft_xml"),
        head=b'<!DOCTYPE xml [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml>',
    )
    yield xml(
        "an external DTD",
        XML,
        "failed",
        "DOCTYPE",
        options=_chosen("altcraft_xml"),
        head=b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/evil.dtd"><xml>',
    )
    yield xml("an unknown entity", b"<data>&nbsp;</data>", "failed", "not valid XML")
    yield xml("deep elements", b"<a>", "failed", "levels")
    yield xml(
        "deep elements in orders",
        b"<data>" + b"<a>" * 240 + b"</a>" * 240 + b"</data>",
        "required",
        full=5 * MEGABYTE,
    )
    yield xml("a document that is not closed", XML, "failed", tail=b"", full=10 * MEGABYTE)
    yield xml("one long text", b"x", "failed", "at most", needs_size=True, head=b"<xml><data>")
    yield xml("one long tag", b' a%d="x"', "failed", head=b"<xml><data", full=20 * MEGABYTE)
    yield xml("one long comment", b"x", "failed", head=b"<xml><!--")
    yield xml(
        "many attributes in each order",
        b"<data "
        + b" ".join(b'a%dx="1"' % n for n in range(9000)).replace(b"%", b"")
        + b"><external_id>1</external_id></data>",
        full=5 * MEGABYTE,
    )
    yield xml(
        "many names beside orders",
        b"<n%d/>" + b"",
        "different names",
        needs_size=True,
        head=b"<xml>" + XML,
        tail=XML.replace(b"%d", b"x") + b"</xml>",
        full=7 * MEGABYTE,
        small=50_000,
    )
    yield xml(
        "very many names beside orders",
        b"".join(b"<n%d-" + b"%d" % n + b"/>" for n in range(500)) + XML,
        "different names",
        needs_size=True,
        full=100 * MEGABYTE,
        small=50_000,
    )
    yield xml(
        "halves of notes beside orders",
        b"<n><![CDATA["
        + b"<!-- row=1; code=" * 2000
        + b"]]></n><data><external_id>A%d</external_id></data>",
        "required",
        full=3 * MEGABYTE,
        small=90_000,
    )
    yield xml(
        "comments beside orders",
        b"<!-- x -->" * 3000 + b"<data><external_id>A%d</external_id></data>",
        "required",
        full=10 * MEGABYTE,
        small=90_000,
    )
    yield xml(
        "spaces before orders",
        b" " * 30_000 + b"<data><external_id>A%d</external_id></data>",
        "required",
        full=10 * MEGABYTE,
        small=90_000,
    )
    yield xml("a NUL", b"<data>\0</data>", "failed")
    yield xml(
        "long keys",
        b"<data><external_id>" + b"k" * 200_000 + b"%d</external_id></data>",
        "external_id",
        full=10 * MEGABYTE,
        small=10_000,
    )
    yield xml(
        "many lines",
        b"<data><external_id>A%d</external_id>"
        + b"<lines><external_id>1</external_id></lines>" * 20_000
        + b"</data>",
        "lines",
        full=10 * MEGABYTE,
        small=10_000,
    )
    yield xml("empty orders", b"<data/>", full=20 * MEGABYTE)
    yield xml(
        "an encoding that lies", XML, "failed", head=b'<?xml version="1.0" encoding="UTF-16"?><xml>'
    )
    yield xml(
        "an encoding that does not exist",
        XML,
        "failed",
        head=b'<?xml version="1.0" encoding="x-evil"?><xml>',
    )
    yield xml("UTF-7", XML, "failed", head=b'<?xml version="1.0" encoding="utf-7"?><xml>')
    ml = "<КоммерческаяИнформация>".encode()
    end = "</КоммерческаяИнформация>".encode()
    document = "<Документ><Номер>A%d</Номер><Сумма>{}</Сумма></Документ>"
    yield xml(
        "CommerceML: spaces for an amount",
        document.format(" " * 5000).encode(),
        "required",
        head=ml,
        tail=end,
        full=3 * MEGABYTE,
    )
    yield xml(
        "CommerceML: digits for an amount",
        document.format("1 " * 5000).encode(),
        head=ml,
        tail=end,
        full=3 * MEGABYTE,
    )
    goods = "<Товары>" + "<Товар><Сумма>1</Сумма></Товар>" * 8000 + "</Товары>"
    yield xml(
        "CommerceML: many lines",
        f"<Документ><Номер>A%d</Номер>{goods}</Документ>".encode(),
        head=ml,
        tail=end,
        full=5 * MEGABYTE,
        small=10_000,
    )


def _others() -> Iterator[HostileFile]:
    yield HostileFile("nothing", "a.csv", lambda _size: iter([b""]), ("failed", "empty"))
    yield HostileFile(
        "a byte order mark", "a.csv", lambda _size: iter([b"\xef\xbb\xbf"]), ("failed",)
    )
    yield HostileFile(
        "random bytes",
        "a.csv",
        lambda size: iter([zlib.compress(bytes(range(256)) * 9, 0) * (size // 2300)]),
        ("failed",),
    )
    yield HostileFile(
        "a workbook",
        "a.xlsx",
        _zipped(("[Content_Types].xml", _filled(b"<x/>"))),
        ("failed", "save it as CSV"),
        full=MEGABYTE,
    )


def hostile_files() -> tuple[HostileFile, ...]:
    """Return every case."""
    return (
        *_compression(),
        *_csv(),
        *_csv_values(),
        *_mapped(),
        *_json_lines(),
        *_arrays(),
        *_xml(),
        *_others(),
    )
