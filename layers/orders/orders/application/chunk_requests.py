"""The request of a chunk: all attempts at a chunk have one request id, by which they are known."""

from datetime import timedelta

from orders.domain.import_jobs import Job
from orders.domain.repeats import IdempotencyKey

# The records of these requests are kept as long as the jobs, so that an undo can ask for them.
CHUNK_REQUESTS_KEPT = timedelta(days=90)


def chunk_key(job: Job, chunk: int) -> IdempotencyKey:
    """Return the key of a chunk in the present run of a job.

    No client can send it: a header has no line ends.
    """
    key = f"job\n{job.job_id}\n{job.run}\n{chunk}"
    return IdempotencyKey(job.account, job.client, key, fingerprint=key)
