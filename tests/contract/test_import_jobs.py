"""The contract of ImportJobs. The fake and the DynamoDB adapter must both pass."""

import hashlib
import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb.client import DynamoDBClient

from orders.adapters.dynamodb_import_jobs import DynamoImportJobs
from orders.adapters.table_keys import job_key, summary_key
from orders.application.errors import StorageRefusedError, StorageUnavailableError
from orders.application.import_job_ports import ImportJobs
from orders.domain.file_records import FileOptions
from orders.domain.import_jobs import (
    JOB_LIFETIME,
    ChunkSummary,
    Counts,
    FileInfo,
    Job,
    JobKind,
    JobMode,
    JobState,
    OnDuplicate,
    ProblemGroup,
    Sample,
    Undone,
    Upload,
)
from tests.support.aws_faults import LOST_ANSWERS, answering, error_answer, failing
from tests.support.deadlines import DEADLINE, CountingPause, FixedDeadline
from tests.support.import_jobs import NOW, FakeImportJobs, import_job, job_id_at, summary

JOB = import_job()
LATER = NOW + timedelta(minutes=1)


@pytest.fixture(params=["memory", "dynamodb"])
def jobs(request: pytest.FixtureRequest) -> ImportJobs:
    if request.param == "memory":
        return FakeImportJobs()
    client: DynamoDBClient = request.getfixturevalue("dynamodb")
    table: str = request.getfixturevalue("table")
    return DynamoImportJobs(client, table, CountingPause())


def _find(jobs: ImportJobs, job: Job = JOB) -> Job | None:
    return jobs.find(job.account, job.job_id, DEADLINE)


def test_a_job_is_found_as_it_was_created(jobs: ImportJobs) -> None:
    assert _find(jobs) is None
    assert jobs.create(JOB, DEADLINE) == JOB
    assert _find(jobs) == JOB


def test_the_first_job_with_an_id_remains(jobs: ImportJobs) -> None:
    jobs.create(JOB, DEADLINE)
    second = replace(JOB, upload=Upload("upload-2", 1))
    assert jobs.create(second, DEADLINE) == JOB
    assert _find(jobs) == JOB


def test_a_job_is_not_found_in_another_account(jobs: ImportJobs) -> None:
    jobs.create(JOB, DEADLINE)
    assert jobs.find("other", JOB.job_id, DEADLINE) is None
    assert jobs.list("other", 10, None, DEADLINE) == []
    other = replace(JOB, account="other", client="theirs")
    assert jobs.create(other, DEADLINE) == other
    assert _find(jobs) == JOB


def test_a_version_is_saved_once(jobs: ImportJobs) -> None:
    jobs.create(JOB, DEADLINE)
    started = replace(JOB.following(LATER), state=JobState.SPLITTING, run=1)
    cancelled = replace(JOB.following(LATER), state=JobState.CANCELLED)
    assert jobs.save(started, DEADLINE)
    assert not jobs.save(cancelled, DEADLINE)
    assert not jobs.save(started.following(LATER).following(LATER), DEADLINE)
    assert _find(jobs) == started


def test_the_same_version_can_be_saved_again(jobs: ImportJobs) -> None:
    jobs.create(JOB, DEADLINE)
    started = replace(JOB.following(LATER), state=JobState.SPLITTING)
    assert jobs.save(started, DEADLINE)
    assert jobs.save(started, DEADLINE)
    assert _find(jobs) == started


def test_a_job_that_does_not_exist_is_not_saved(jobs: ImportJobs) -> None:
    assert not jobs.save(JOB.following(LATER), DEADLINE)
    assert _find(jobs) is None


def test_jobs_are_listed_with_the_newest_first(jobs: ImportJobs) -> None:
    created = [import_job(number) for number in (2, 5, 1, 4, 3)]
    for each in created:
        jobs.create(each, DEADLINE)
    newest = sorted(created, key=lambda each: each.job_id, reverse=True)
    assert jobs.list("demo", 10, None, DEADLINE) == newest
    assert jobs.list("demo", 2, None, DEADLINE) == newest[:2]
    assert jobs.list("demo", 2, newest[1].job_id, DEADLINE) == newest[2:4]
    assert jobs.list("demo", 2, newest[-1].job_id, DEADLINE) == []


def test_a_list_does_not_show_the_summaries_of_chunks(jobs: ImportJobs) -> None:
    jobs.create(JOB, DEADLINE)
    jobs.add_summary("demo", JOB.job_id, 1, summary(0, created=1), DEADLINE)
    assert jobs.list("demo", 10, None, DEADLINE) == [JOB]


def test_summaries_are_listed_by_number_and_run(jobs: ImportJobs) -> None:
    first = [summary(number, created=number, triggers=1) for number in range(12)]
    for each in reversed(first):
        jobs.add_summary("demo", JOB.job_id, 1, each, DEADLINE)
    jobs.add_summary("demo", JOB.job_id, 2, summary(0, failed=3), DEADLINE)
    jobs.add_summary("demo", import_job(2).job_id, 1, summary(0, failed=4), DEADLINE)
    jobs.add_summary("other", JOB.job_id, 1, summary(0, failed=5), DEADLINE)
    assert jobs.summaries("demo", JOB.job_id, 1, DEADLINE) == first
    assert jobs.summaries("demo", JOB.job_id, 2, DEADLINE) == [summary(0, failed=3)]
    assert jobs.summaries("demo", JOB.job_id, 3, DEADLINE) == []


def test_the_first_summary_of_a_chunk_remains(jobs: ImportJobs) -> None:
    jobs.add_summary("demo", JOB.job_id, 1, summary(0, created=1), DEADLINE)
    jobs.add_summary("demo", JOB.job_id, 1, summary(0, unchanged=1), DEADLINE)
    assert jobs.summaries("demo", JOB.job_id, 1, DEADLINE) == [summary(0, created=1)]


def test_a_summary_of_an_undo_has_its_outcomes(jobs: ImportJobs) -> None:
    undone = ChunkSummary(3, Counts(updated=1), "request", Undone(deleted=1))
    jobs.add_summary("demo", JOB.job_id, 1, undone, DEADLINE)
    assert jobs.summaries("demo", JOB.job_id, 1, DEADLINE) == [undone]


def test_no_call_is_made_after_the_deadline(jobs: ImportJobs) -> None:
    late = FixedDeadline(0)
    for call in (
        lambda: jobs.create(JOB, late),
        lambda: jobs.find("demo", JOB.job_id, late),
        lambda: jobs.list("demo", 1, None, late),
        lambda: jobs.save(JOB, late),
        lambda: jobs.add_summary("demo", JOB.job_id, 1, summary(0), late),
        lambda: jobs.summaries("demo", JOB.job_id, 1, late),
    ):
        with pytest.raises(StorageUnavailableError):
            call()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds are naive
NUMBERS = st.integers(0, 2**40)
PLAIN: Any = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
ALL_JOBS = st.builds(
    Job,
    account=st.just("demo"),
    job_id=st.integers(1, 4000).map(lambda number: job_id_at(number=number)),
    client=TEXTS,
    kind=st.sampled_from(JobKind),
    state=st.sampled_from(JobState),
    mode=st.sampled_from(JobMode),
    created_at=TIMES,
    updated_at=TIMES,
    version=st.integers(1, 1000),
    run=st.integers(0, 9999),
    file=st.none() | st.builds(FileInfo, TEXTS, NUMBERS, st.none() | TEXTS),
    upload=st.none() | st.builds(Upload, TEXTS, NUMBERS),
    options=st.none()
    | st.builds(
        FileOptions,
        format=TEXTS,
        charset=TEXTS,
        delimiter=TEXTS,
        decimal_comma=st.booleans(),
        mapping=st.dictionaries(TEXTS, PLAIN, max_size=3),
        guessed=st.lists(TEXTS, max_size=3).map(tuple),
    ),
    on_duplicate=st.sampled_from(OnDuplicate),
    undoes=st.none() | TEXTS,
    started_at=st.none() | TIMES,
    ended_at=st.none() | TIMES,
    chunks=st.none() | NUMBERS,
    orders=st.none() | NUMBERS,
    counts=st.none() | st.builds(Counts, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    groups=st.lists(
        st.builds(
            ProblemGroup,
            TEXTS,
            TEXTS,
            NUMBERS,
            st.lists(st.builds(Sample, NUMBERS, st.none() | TEXTS, TEXTS), max_size=3).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    failure=st.none() | TEXTS,
    undone=st.none() | st.builds(Undone, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ALL_JOBS)
def test_every_job_is_read_as_it_was_stored(dynamodb: DynamoDBClient, table: str, job: Job) -> None:
    jobs = DynamoImportJobs(dynamodb, table)
    dynamodb.delete_item(TableName=table, Key=job_key(job.account, job.job_id))
    jobs.create(job, DEADLINE)
    assert _find(jobs, job) == job


def test_a_job_that_was_stored_before_a_member_existed_is_read(
    dynamodb: DynamoDBClient, table: str
) -> None:
    jobs = DynamoImportJobs(dynamodb, table)
    jobs.create(replace(JOB, undone_by="another"), DEADLINE)
    key = job_key("demo", JOB.job_id)
    stored = dynamodb.get_item(TableName=table, Key=key)["Item"]["document"]["B"]
    tree = json.loads(zlib.decompress(stored))
    assert tree.pop("undone_by") == "another"
    dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET document = :old",
        ExpressionAttributeValues={":old": {"B": zlib.compress(json.dumps(tree).encode())}},
    )
    assert _find(jobs) == JOB


def test_a_job_is_stored_compressed(dynamodb: DynamoDBClient, table: str) -> None:
    samples = tuple(Sample(row, f"order-{row}", "currency must be known") for row in range(500))
    job = replace(JOB, groups=(ProblemGroup("unknown_currency", "/currency", 500, samples),))
    jobs = DynamoImportJobs(dynamodb, table)
    jobs.create(job, DEADLINE)
    item = dynamodb.get_item(TableName=table, Key=job_key("demo", JOB.job_id))["Item"]
    assert len(item["document"]["B"]) < 8_000
    assert _find(jobs) == job


def test_a_job_and_its_summaries_expire_together(dynamodb: DynamoDBClient, table: str) -> None:
    jobs = DynamoImportJobs(dynamodb, table)
    jobs.create(JOB, DEADLINE)
    jobs.save(JOB.following(NOW + timedelta(days=30)), DEADLINE)
    jobs.add_summary("demo", JOB.job_id, 1, summary(0), DEADLINE)
    keys = [job_key("demo", JOB.job_id), summary_key("demo", JOB.job_id, 1, 0)]
    items = [dynamodb.get_item(TableName=table, Key=key)["Item"] for key in keys]
    expiry = str(int((NOW + JOB_LIFETIME).timestamp()))
    assert [item["expires_at"] for item in items] == [{"N": expiry}, {"N": expiry}]


def test_long_lists_are_read_page_by_page(dynamodb: DynamoDBClient, table: str) -> None:
    jobs = DynamoImportJobs(dynamodb, table)
    # Digits of hashes cannot be compressed to less than half of their size. A page has 1 MB.
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(10_000)]
    created = [import_job(number, client="".join(hashes)) for number in range(5)]
    for job in created:
        jobs.create(job, DEADLINE)
    assert jobs.list("demo", 5, None, DEADLINE) == created[::-1]
    large = [ChunkSummary(number, Counts(created=1), "x" * 390_000) for number in range(5)]
    for each in large:
        jobs.add_summary("demo", JOB.job_id, 1, each, DEADLINE)
    assert jobs.summaries("demo", JOB.job_id, 1, DEADLINE) == large


def test_one_of_many_twins_saves_a_version(dynamodb: DynamoDBClient, table: str) -> None:
    jobs = DynamoImportJobs(dynamodb, table)
    jobs.create(JOB, DEADLINE)
    twins = [replace(JOB.following(LATER), client=f"client-{number}") for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        saved = list(pool.map(lambda each: jobs.save(each, DEADLINE), twins))
    [winner] = [twin for twin, is_saved in zip(twins, saved, strict=True) if is_saved]
    assert _find(jobs) == winner


@pytest.mark.parametrize("error", LOST_ANSWERS.values(), ids=list(LOST_ANSWERS))
def test_a_lost_answer_changes_no_outcome(
    dynamodb: DynamoDBClient, table: str, error: Exception
) -> None:
    jobs = DynamoImportJobs(dynamodb, table, CountingPause())
    started = replace(JOB.following(LATER), state=JobState.SPLITTING, run=1)

    def lose(number: int, _parsed: object) -> None:
        if number == 1:
            raise error

    with answering(dynamodb, "PutItem", lose):
        assert jobs.create(JOB, DEADLINE) == JOB
    with answering(dynamodb, "PutItem", lose):
        assert jobs.save(started, DEADLINE)
    with answering(dynamodb, "PutItem", lose):
        jobs.add_summary("demo", JOB.job_id, 1, summary(0, created=1), DEADLINE)
    assert _find(jobs) == started
    assert jobs.summaries("demo", JOB.job_id, 1, DEADLINE) == [summary(0, created=1)]


def test_a_job_is_read_if_aws_does_not_return_it(dynamodb: DynamoDBClient, table: str) -> None:
    jobs = DynamoImportJobs(dynamodb, table)
    jobs.create(JOB, DEADLINE)
    refusal = error_answer("ConditionalCheckFailedException")
    with failing(dynamodb, "PutItem", lambda _: refusal):
        assert jobs.create(replace(JOB, client="other"), DEADLINE) == JOB
        assert not jobs.save(JOB.following(LATER), DEADLINE)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDeniedException", StorageRefusedError),
        ("ThrottlingException", StorageUnavailableError),
    ],
)
def test_a_fault_of_the_store_is_raised(
    dynamodb: DynamoDBClient, table: str, code: str, expected: type[Exception]
) -> None:
    jobs = DynamoImportJobs(dynamodb, table, CountingPause())
    fault = error_answer(code)
    with (
        failing(dynamodb, "PutItem", lambda _: fault),
        failing(dynamodb, "GetItem", lambda _: fault),
        failing(dynamodb, "Query", lambda _: fault),
    ):
        for call in (
            lambda: jobs.create(JOB, DEADLINE),
            lambda: jobs.save(JOB, DEADLINE),
            lambda: jobs.find("demo", JOB.job_id, DEADLINE),
            lambda: jobs.list("demo", 1, None, DEADLINE),
            lambda: jobs.add_summary("demo", JOB.job_id, 1, summary(0), DEADLINE),
            lambda: jobs.summaries("demo", JOB.job_id, 1, DEADLINE),
        ):
            with pytest.raises(expected):
                call()
