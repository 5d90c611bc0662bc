"""The figures of imported files: sizes, aims, prices and times."""

from dataclasses import replace

import pytest

from tools.bench.files.figures import Figures, Sizes, documentation, targets
from tools.bench.files.formats import FormatCpu, JobsCpu
from tools.bench.files.jobs_over_http import WholeJob
from tools.bench.files.million import (
    INDEX_ENTRIES_A_SECOND,
    NEW_TABLE,
    WARM_TABLE,
    a_million,
    warm_throughput_dollars,
)
from tools.bench.files.splitting import Split
from tools.bench.files.units import JobUnits, StepRounds, longest_path, transitions

CPU = FormatCpu("altcraft_csv", 500, split=40, chunks=400, finish=60, job=500)
LINES = replace(CPU, format="json_lines", split=20, finish=30, job=400)
UNITS = JobUnits(
    orders=1000,
    chunks=2,
    megabytes=0.5,
    write_units=2004,
    read_units=1010,
    s3_writes=8,
    s3_reads=10,
    triggers=1,
    split_rounds=StepRounds(4, 6, 2),
    chunk_rounds=StepRounds(15, 30, 2),
    finish_rounds=StepRounds(9, 10, 2),
)
SPLIT = Split("json_lines", 1000, megabytes=100, seconds=10, cpu=8, peak_mb=100)
FIGURES = Figures(
    cpu=JobsCpu((LINES, CPU), replace(CPU, chunks=200, job=300)),
    units=UNITS,
    transitions=8,
    whole=(WholeJob("somewhere", 2000, 3.0, {"import_chunk": 90}),),
    splits=(SPLIT, replace(SPLIT, format="altcraft_csv")),
    in_memory=(SPLIT,),
)


def test_all_sizes_follow_from_that_of_the_whole_job() -> None:
    assert Sizes.of(100_000) == Sizes(100_000, 5000, 5000, 50_000, 1_000_000)
    assert Sizes.of(1000) == Sizes(1000, 500, 1000, 5000, 10_000)


def test_the_aim_of_a_small_job_is_in_proportion() -> None:
    found = {each.what: (each.aim, each.met) for each in targets(FIGURES)}
    assert found["s for 2,000 orders from CSV: somewhere"] == ("at most 2.4", False)
    assert found["MB at the peak of import_chunk: somewhere"] == ("at most 300", True)
    assert found["times the CPU of JSON Lines: altcraft_csv"] == ("at most 1.2", False)
    assert found["times the CPU of JSON Lines: json_lines"] == ("at most 1.2", True)
    assert found["times the CPU of the run: its preview"] == ("at most 0.7", True)
    assert found["MB at the peak of splitting 1,000 orders: json_lines"] == ("at most 300", True)
    assert found["GB split in time: json_lines"] == ("at least 5", True)


def test_the_largest_file_follows_from_the_cpu_of_a_split() -> None:
    assert SPLIT.speed == 10
    assert SPLIT.largest_mb == 100 / 8 * 870


def test_a_million_orders_are_in_proportion_to_the_measured_job() -> None:
    million = a_million(UNITS, CPU, 8)
    assert (million.chunks, million.transitions, million.gigabytes) == (2000, 2008, 0.5)
    # 30 rounds of 10 ms for each 1,000 orders, and 400 s of a CPU that the function has in part.
    assert million.chunk_ms == pytest.approx(300_000 + 400_000 * 1769 / 1024)
    # 6 rounds, and 2 more for each further 2 chunks. The function has a whole CPU.
    assert million.split_ms == pytest.approx(UNITS.split_rounds.of(2000) * 10 + 40_000)
    dollars = million.dollars()
    assert dollars["DynamoDB, writes"] == pytest.approx(2.004 * 0.625)
    assert dollars["DynamoDB, reads"] == pytest.approx(1.01 * 0.125)
    assert dollars["Step Functions, transitions"] == pytest.approx(0.0502)
    assert dollars["S3, requests"] == pytest.approx(0.044)
    assert dollars["S3, storage"] == pytest.approx(0.5 * 9 * 0.023)


def test_rounds_grow_with_each_chunk_but_for_those_of_every_job() -> None:
    rounds = StepRounds(first=4, whole=6, chunks=5)
    assert [rounds.of(chunks) for chunks in (1, 5, 2001)] == [4, 6, 1004]


def test_the_slowest_part_limits_a_job() -> None:
    million = a_million(UNITS, CPU, 8)
    chunk_seconds = million.chunk_ms / 2000 / 1000
    assert million.orders_a_second(1) == pytest.approx(500 / chunk_seconds)
    assert million.orders_a_second(100) == pytest.approx(NEW_TABLE * 1000 / 2004)
    assert million.orders_a_second(1000, WARM_TABLE) == pytest.approx(WARM_TABLE * 1000 / 2004)
    assert million.orders_a_second(1000, 10 * WARM_TABLE) == INDEX_ENTRIES_A_SECOND
    fewest = million.fewest_chunks_at_once(WARM_TABLE)
    limit = WARM_TABLE * 1000 / 2004
    assert million.orders_a_second(fewest - 1, WARM_TABLE) < limit
    assert million.orders_a_second(fewest, WARM_TABLE) == pytest.approx(limit)
    assert million.seconds(100) == pytest.approx(
        (million.split_ms + million.finish_ms) / 1000 + 2004 * 1000 / NEW_TABLE
    )
    assert warm_throughput_dollars() == pytest.approx(18.2)


def test_the_transitions_are_counted_in_the_state_machine() -> None:
    states = {
        "A": {"Type": "Choice", "Choices": [{"Next": "C"}, {"Next": "B"}], "Default": "C"},
        "B": {"Type": "Task", "Next": "C", "Catch": [{"Next": "D"}]},
        "C": {"Type": "Succeed"},
        "D": {"Type": "Fail"},
    }
    assert longest_path(states, "A") == ["A", "B", "C"]
    # MustImport, Begin, MustSplit, Split, IsSplit, ImportChunks, Finish, HasFault, Finished.
    assert transitions() == 9


def test_the_tables_for_the_documentation_are_markdown() -> None:
    text = documentation(FIGURES)
    tables = text.strip().split("\n\n")
    assert len(tables) == 6
    for table in tables:
        head, *rows = table.splitlines()
        assert all(row.count("|") == head.count("|") for row in rows)
    assert "| `altcraft_csv` | 40 | 400 | 60 | 500 | 1.25 | 10.0 | 10.6 |" in text
    assert "| DynamoDB, write units | 2004.0 |" in text
