"""The bodies of requests about import jobs."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
)

from orders.domain.file_option_rules import (
    COMPRESSIONS,
    MAX_CHARSET_CHARACTERS,
    expect_charset,
    expect_compression,
    expect_date_form,
    expect_delimiter,
    one_of,
)
from orders.domain.file_records import DATE_FORMS, FileOptions
from orders.domain.import_jobs import (
    DEFAULT_STOP_ABOVE_PERCENT,
    MAX_FILE_BYTES,
    FileInfo,
    JobMode,
    OnDuplicate,
)
from orders.domain.kept_mappings import NAME_RULE, is_mapping_name
from orders.domain.problems import listed, pointer
from orders.protocols.http import HttpRequest
from orders.protocols.hub.errors import Fault, invalid_body, too_large
from orders.protocols.hub.requests import (
    Tree,
    Way,
    hex_digest,
    read_flat,
    read_object,
    validated,
    whole_number,
)
from orders.protocols.json_text import write_json

MAX_NAME_CHARACTERS = 255
MAX_MAPPING_BYTES = 64 * 1024
_PERCENT = 100
_GUESSED = ("format", "compression", "charset", "delimiter", "decimal_comma", "date_form")
_MODES = tuple(str(each) for each in JobMode)
_ON_DUPLICATE = tuple(str(each) for each in OnDuplicate)
# A file name of no folder.
_NAME = re.compile(rf"[^\x00-\x1f\x7f-\x9f/\\]{{1,{MAX_NAME_CHARACTERS}}}")


def _described(choices: Collection[str]) -> Any:  # noqa: ANN401 - the type of Pydantic
    return Field(json_schema_extra={"enum": list(choices)})


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(
            f"have 1 to {MAX_NAME_CHARACTERS} characters, without /, \\ and control characters"
        )
    return text


def _size(number: int) -> int:
    if number < 1:
        raise ValueError("be the number of bytes, from 1")
    return number


def _percent(number: int) -> int:
    if not 0 <= number <= _PERCENT:
        raise ValueError(f"be a whole number from 0 to {_PERCENT}")
    return number


def _mapping(tree: object) -> dict[str, Any] | str:
    """Return the mapping as plain JSON, or the name of a kept one."""
    if isinstance(tree, dict):
        return _plain(tree)
    if isinstance(tree, str) and is_mapping_name(tree):
        return tree
    is_name = isinstance(tree, str)
    raise ValueError(
        f"have {NAME_RULE}, as the name of a kept mapping"
        if is_name
        else "be an object, or the name of a mapping that the account keeps"
    )


def _plain(tree: dict[str, Any]) -> dict[str, Any]:
    text = write_json(tree)
    if len(text) > MAX_MAPPING_BYTES:
        raise ValueError(f"have at most {MAX_MAPPING_BYTES // 1024} KB")
    plain: dict[str, Any] = json.loads(text)
    return plain


_MappingName = Annotated[
    str,
    Field(
        json_schema_extra={"description": "Name of a kept mapping", "minLength": 1, "maxLength": 64}
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class FileBody(_Body):
    """The file to upload."""

    name: Annotated[
        str,
        AfterValidator(_name),
        Field(json_schema_extra={"minLength": 1, "maxLength": MAX_NAME_CHARACTERS}),
    ]
    size: Annotated[
        int,
        AfterValidator(_size),
        BeforeValidator(whole_number),
        Field(json_schema_extra={"minimum": 1, "maximum": MAX_FILE_BYTES}),
    ]
    sha256: (
        Annotated[
            str,
            AfterValidator(hex_digest),
            Field(json_schema_extra={"pattern": "^[0-9a-fA-F]{64}$"}),
        ]
        | None
    ) = None

    def info(self) -> FileInfo:
        """Return what is kept of the file."""
        return FileInfo(self.name, self.size, self.sha256)


class OptionsBody(_Body):
    """How to read the file. What is not sent is detected."""

    compression: (
        Annotated[str, AfterValidator(expect_compression), _described(COMPRESSIONS)] | None
    ) = None
    charset: (
        Annotated[
            str,
            AfterValidator(expect_charset),
            Field(
                json_schema_extra={
                    "description": "UTF-8, UTF-16 or a charset that includes ASCII, by any name",
                    "examples": ["utf-8", "windows-1251", "cp932"],
                    "minLength": 1,
                    "maxLength": MAX_CHARSET_CHARACTERS,
                }
            ),
        ]
        | None
    ) = None
    delimiter: (
        Annotated[
            str,
            AfterValidator(expect_delimiter),
            Field(json_schema_extra={"minLength": 1, "maxLength": 1}),
        ]
        | None
    ) = None
    decimal_comma: bool | None = None
    date_form: Annotated[str, AfterValidator(expect_date_form), _described(DATE_FORMS)] | None = (
        None
    )
    mapping: (
        Annotated[
            dict[str, Any] | str,
            PlainValidator(_mapping, json_schema_input_type=dict[str, Any] | _MappingName),
        ]
        | None
    ) = None


class ImportJobBody(_Body):
    """The job to create. Without `format`, the format is detected."""

    file: FileBody
    format: str | None = None
    options: OptionsBody | None = None
    mode: Annotated[str, AfterValidator(one_of(_MODES)), _described(_MODES)] = str(JobMode.PREVIEW)
    skip_triggers: bool = True
    stop_above_percent: Annotated[
        int,
        AfterValidator(_percent),
        BeforeValidator(whole_number),
        Field(json_schema_extra={"minimum": 0, "maximum": _PERCENT}),
    ] = DEFAULT_STOP_ABOVE_PERCENT
    on_duplicate: Annotated[
        str, AfterValidator(one_of(_ON_DUPLICATE)), _described(_ON_DUPLICATE)
    ] = str(OnDuplicate.UPDATE)

    @property
    def mapping_name(self) -> str | None:
        """Return the name of the kept mapping that the job uses, None without a name."""
        mapping = None if self.options is None else self.options.mapping
        return mapping if isinstance(mapping, str) else None

    def file_options(self, kept: Mapping[str, object] | None = None) -> FileOptions | None:
        """Return the options that were sent, None without any. `guessed` names the others.

        `kept` is the mapping of `mapping_name`.
        """
        options = {} if self.options is None else self.options.model_dump(exclude_none=True)
        if kept is not None:
            options["mapping"] = kept
        sent = options if self.format is None else {"format": self.format, **options}
        guessed = tuple(name for name in _GUESSED if name not in sent)
        return FileOptions(**{"format": "", **sent}, guessed=guessed) if sent else None


class StartBody(_Body):
    """The run to start. Without `mode`, it has the mode of the job."""

    mode: Annotated[str, AfterValidator(one_of(_MODES)), _described(_MODES)] | None = None


class UndoJobBody(_Body):
    """How to undo a job. Nothing is written unless `dry_run` is false."""

    dry_run: bool = True
    skip_triggers: bool = True


def read_import_job(request: HttpRequest, formats: Collection[str]) -> ImportJobBody:
    """Read a new job. Raises RequestRefusedError (400, 413, 415) and BodyRefusedError."""
    tree = read_object(request)
    body = validated(ImportJobBody, tree, _unknown_members(tree))
    if body.format is not None and body.format not in formats:
        allowed = listed(sorted(formats), len(formats))
        text = f"format must be one of {allowed}; leave it out to have it detected"
        raise invalid_body([Fault(text, pointer=pointer("format"))])
    if body.file.size > MAX_FILE_BYTES:
        largest = f"{MAX_FILE_BYTES // 1024**3} GB ({MAX_FILE_BYTES} bytes)"
        message = f"file.size must be at most {largest}; got {body.file.size}"
        raise too_large(message, [Fault(message, pointer=pointer("file", "size"))])
    return body


def read_start(request: HttpRequest) -> JobMode | None:
    """Read the mode of a run; the body may be empty. Raises as read_import_job does."""
    if not request.body.strip():
        return None
    mode = read_flat(StartBody, request).mode
    return None if mode is None else JobMode(mode)


def read_undo_job(request: HttpRequest) -> UndoJobBody:
    """Read how to undo a job; the body may be empty. Raises as read_import_job does."""
    return read_flat(UndoJobBody, request) if request.body.strip() else UndoJobBody()


def _unknown_members(tree: Tree) -> Iterator[Way]:
    yield from ((name,) for name in tree if name not in ImportJobBody.model_fields)
    for part, model in (("file", FileBody), ("options", OptionsBody)):
        members = tree.get(part)
        for name in members if isinstance(members, dict) else ():
            if name not in model.model_fields:
                yield part, name
