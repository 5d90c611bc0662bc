"""The files beside an imported file, which say what happened to each of its orders."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

from operator_cli.errors import OperatorError
from orders.domain.import_jobs import OF_COMPRESSIONS, extension_like

RESULTS = ("success", "failed", "unprocessed")


@dataclass(frozen=True, slots=True)
class ResultNames:
    """The paths of result files: `orders.failed.csv`, or `orders.failed.2.csv` for the next run."""

    folder: Path
    stem: str
    suffix: str
    number: int

    @classmethod
    def beside(cls, file: Path, file_format: str, names: Sequence[str] = RESULTS) -> Self:
        """Return the first names, beside a file, that no earlier run has used."""
        stem, suffix = _parts_of(file.name, file_format)
        for number in count(1):
            found = cls(file.parent, stem, suffix, number)
            if not any(found.path(each).exists() for each in names):
                return found
        raise AssertionError  # the numbers do not end

    def path(self, name: str) -> Path:
        """Return the path of a result file."""
        number = "" if self.number == 1 else f".{self.number}"
        return self.folder / f"{self.stem}.{name}{number}{self.suffix}"

    def write(self, name: str, fill: Callable[[Path], None]) -> Path:
        """Write a result file, whole or not at all. `fill` creates the file that it is given.

        Raises OperatorError.
        """
        path = self.path(name)
        draft = path.with_name(f"{path.name}.part")
        try:
            draft.unlink(missing_ok=True)
            fill(draft)
            _move(draft, path)
        except OSError as error:
            raise OperatorError(f"{path} cannot be written: {error.strerror}.") from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        return path


def write_parts(names: ResultNames, files: Mapping[str, Iterator[bytes]]) -> Sequence[Path]:
    """Write result files from their parts."""

    def fill(parts: Iterator[bytes]) -> Callable[[Path], None]:
        def to(path: Path) -> None:
            with path.open("xb") as opened:
                opened.writelines(parts)

        return to

    return [names.write(name, fill(parts)) for name, parts in files.items()]


def _move(draft: Path, path: Path) -> None:
    """Give a draft a name that no file has. A replacement alone could overwrite another file."""
    path.touch(exist_ok=False)
    try:
        draft.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _parts_of(name: str, file_format: str) -> tuple[str, str]:
    """Return the name without its suffixes, and the suffix of its content."""
    suffix = extension_like(name, file_format)
    stem = name
    for each in (*OF_COMPRESSIONS, suffix):
        if stem.lower().endswith(each):
            stem = stem[: -len(each)] or stem
    return stem, suffix
