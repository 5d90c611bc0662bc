"""The figures of imported files: their aims, and the tables of the documentation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.bench.files.formats import CSV, JobsCpu
from tools.bench.files.jobs_over_http import WholeJob
from tools.bench.files.million import (
    MILLION,
    NEW_TABLE,
    WARM_TABLE,
    Million,
    a_million,
    warm_throughput_dollars,
)
from tools.bench.files.splitting import LARGEST_MB, Split
from tools.bench.files.units import JobUnits
from tools.bench.targets import Target, at_least, at_most

# The aims: the seconds of a job with so many orders, and the megabytes of each process.
ORDERS, SECONDS, MEGABYTES = 100_000, 120, 300
FORMAT_RATIO, PREVIEW_RATIO = 1.2, 0.7
# The default of the template, and a table that was not used before.
DEFAULT_CONCURRENCY = 2
_SMALLEST = 500
# A smaller split is over before it is as fast as a long one.
_SMALLEST_SPLIT = 5000
_CONCURRENCIES = (2, 3, 24)
_MB_A_GB = 1024


@dataclass(frozen=True, slots=True)
class Sizes:
    """The numbers of orders. All follow from that of the job that is measured as a whole."""

    whole: int
    compared: int
    units: int
    split: int
    split_in_memory: int

    @classmethod
    def of(cls, orders: int) -> "Sizes":
        """Return the numbers for a whole job with so many orders."""
        compared = max(_SMALLEST, orders // 20)
        units = max(2 * _SMALLEST, orders // 20)
        split = max(_SMALLEST_SPLIT, orders // 2)
        return cls(orders, compared, units, split, orders * 10)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured. `in_memory` are the splits of the largest files."""

    cpu: JobsCpu
    units: JobUnits
    transitions: int
    whole: Sequence[WholeJob]
    splits: Sequence[Split]
    in_memory: Sequence[Split]

    def million(self) -> Million:
        """Return what a million orders take on AWS."""
        return a_million(self.units, self.cpu.of(CSV), self.transitions)


def targets(figures: Figures) -> list[Target]:
    """Return the aims, each with its measurement."""
    return [
        *(target for job in figures.whole for target in _of_job(job)),
        *(
            at_most(f"times the CPU of JSON Lines: {name}", ratio, FORMAT_RATIO)
            for name, ratio in figures.cpu.ratios().items()
        ),
        at_most(
            "times the CPU of the run: its preview", figures.cpu.preview_ratio(), PREVIEW_RATIO
        ),
        *(
            at_most(
                f"MB at the peak of splitting {each.orders:,} orders: {each.format}",
                each.peak_mb,
                MEGABYTES,
            )
            for each in figures.in_memory
        ),
        *(
            at_least(
                f"GB split in time: {each.format}",
                each.largest_mb / _MB_A_GB,
                LARGEST_MB / _MB_A_GB,
            )
            for each in figures.splits
        ),
    ]


def _of_job(job: WholeJob) -> Iterator[Target]:
    limit = SECONDS * job.orders / ORDERS
    yield at_most(f"s for {job.orders:,} orders from CSV: {job.where}", job.seconds, limit)
    for name, peak in job.peaks_mb.items():
        yield at_most(f"MB at the peak of {name}: {job.where}", peak, MEGABYTES)


def documentation(figures: Figures) -> str:
    """Return the tables of docs/speed.md and docs/costs.md."""
    million = figures.million()
    tables = [
        _whole_jobs(figures.whole),
        _formats(figures),
        _in_memory(figures.in_memory),
        _units(figures, million),
        _dollars(million),
        _times(million),
    ]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in tables)


def _rows(*rows: Sequence[object]) -> list[str]:
    """Return a table in Markdown. The first row is its head."""
    lines = [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return [lines[0], f"|{'---|' * len(rows[0])}", *lines[1:]]


def _whole_jobs(jobs: Sequence[WholeJob]) -> list[str]:
    return _rows(
        ("a CSV file", "orders", "seconds", "orders a second", "MB at the peak of each process"),
        *(
            (
                job.where,
                f"{job.orders:,}",
                f"{job.seconds:.0f}",
                f"{job.orders_a_second:.0f}",
                ", ".join(f"{name} {peak}" for name, peak in job.peaks_mb.items()),
            )
            for job in jobs
        ),
    )


def _formats(figures: Figures) -> list[str]:
    ratios = figures.cpu.ratios()
    splits = {each.format: each for each in figures.splits}

    def row(name: str, cells: Sequence[float], ratio: str, split: Split | None) -> Sequence[str]:
        largest = (
            ["-"] * 2
            if split is None
            else [f"{split.speed:.1f}", f"{split.largest_mb / _MB_A_GB:.1f}"]
        )
        return (name, *(f"{cell:.0f}" for cell in cells), ratio, *largest)

    preview = figures.cpu.preview
    return _rows(
        (
            *("format", "split", "chunks", "finish", "job", "times JSON Lines"),
            *("MB/s of the split", "GB in time"),
        ),
        *(
            row(
                f"`{each.format}`",
                (each.split, each.chunks, each.finish, each.job),
                f"{ratios[each.format]:.2f}",
                splits[each.format],
            )
            for each in figures.cpu.formats
        ),
        row(
            f"preview of `{preview.format}`",
            (preview.split, preview.chunks, preview.finish, preview.job),
            f"{figures.cpu.preview_ratio():.2f} of its run",
            None,
        ),
    )


def _in_memory(splits: Sequence[Split]) -> list[str]:
    return _rows(
        ("file", "orders", "MB", "seconds", "MB of memory at the peak"),
        *(
            (
                f"`{each.format}`",
                f"{each.orders:,}",
                f"{each.megabytes:.0f}",
                f"{each.seconds:.0f}",
                each.peak_mb,
            )
            for each in splits
        ),
    )


def _units(figures: Figures, million: Million) -> list[str]:
    units = figures.units

    def per_thousand(amount: float) -> str:
        return f"{units.per_thousand(amount):.1f}"

    ms = million.split_ms, million.chunk_ms, million.finish_ms
    split, chunks, finish = (f"{each / MILLION * 1000 / 1000:.2f}" for each in ms)
    return _rows(
        ("for 1,000 new orders of a CSV file", "measured"),
        ("DynamoDB, write units", per_thousand(units.write_units)),
        ("DynamoDB, read units", per_thousand(units.read_units)),
        ("S3, writes", per_thousand(units.s3_writes)),
        ("S3, reads", per_thousand(units.s3_reads)),
        ("Express requests of Step Functions, one a chunk", per_thousand(units.chunks)),
        (
            f"state transitions, one a chunk, and {figures.transitions} a job",
            per_thousand(units.chunks),
        ),
        ("triggers of orders; a job has one of its own", "0"),
        ("Lambda, GB-seconds: split, chunks, finish *", f"{split}, {chunks}, {finish}"),
    )


def _dollars(million: Million) -> list[str]:
    dollars: Mapping[str, float] = million.dollars()
    return _rows(
        ("a million new orders of a CSV file", "dollars"),
        *((name, f"{price:.2f}") for name, price in dollars.items()),
        ("**sum**", f"**{sum(dollars.values()):.2f}**"),
    )


def _times(million: Million) -> list[str]:
    return _rows(
        ("`ImportConcurrency`", "a new table", f"warm throughput of {WARM_TABLE:,}"),
        *(
            (each, *(_time(million, each, table) for table in (NEW_TABLE, WARM_TABLE)))
            for each in sorted({*_CONCURRENCIES, million.fewest_chunks_at_once(WARM_TABLE)})
        ),
        ("once, for the warm throughput", "-", f"${warm_throughput_dollars():.2f}"),
    )


def _time(million: Million, concurrency: int, table: int) -> str:
    rate = million.orders_a_second(concurrency, table)
    return f"{million.seconds(concurrency, table) / 60:.1f} min, {rate:,.0f} orders/s"
