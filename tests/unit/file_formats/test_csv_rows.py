"""The rows of a record are the same whether the file or only the record is read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orders.domain.file_records import UnreadableFileError
from orders.file_formats.csv_rows import rows_of, rows_of_record
from orders.file_formats.lines import raw_lines

CODECS = ("utf-8", "utf-16-le", "utf-16-be", "windows-1251", "cp932", "gb18030", "big5", "euc_jp")
TEXTS = st.text(st.sampled_from("a1,;\"'\r\n \t\x0b\x85\u2028\ufeffé\0"), max_size=30)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("is_quoted", [True, False])
@given(text=TEXTS, raw=st.binary(max_size=12), delimiter=st.sampled_from(",;"))
@example(text='\ufeff\ufeff"a"\n\ufeff"b\n\ufeff",c', raw=b"", delimiter=",")
@example(text="a", raw=b"\x83\n\x81\r\n", delimiter=",")
def test_rows_of_a_record_are_those_of_its_file(
    codec: str,
    is_quoted: bool,  # noqa: FBT001 - a value of the table
    text: str,
    raw: bytes,
    delimiter: str,
) -> None:
    data = text.encode(codec, "replace") + (raw if not codec.startswith("utf-16") else b"")
    try:
        rows = list(
            rows_of(
                raw_lines((data,) if data else (), codec), codec, delimiter, is_quoted=is_quoted
            )
        )
    except UnreadableFileError:
        # Such a file has no records.
        return
    assert list(rows_of_record(data, codec, delimiter, is_quoted=is_quoted)) == [
        (written, cells) for _number, written, cells in rows
    ]
