"""The stubbed AWS of the benchmark, which also keeps what import jobs read again.

It accepts every order and forgets it: the orders of a file are new. All code of the hub and of
botocore runs, except for HTTP itself.
"""

import json

from tools.bench.stubbed_aws import StubbedAws

_PREFIX = ":run"


class KeptItems(StubbedAws):
    """Keeps the items that are put one by one: jobs, summaries and requests of chunks."""

    def answer(self, operation: str, text: str) -> str:
        """Return the answer of AWS to a call."""
        if operation == "PutItem":
            item = json.loads(text)["Item"]
            self.items[item["pk"]["S"], item["sk"]["S"]] = json.dumps(item)
        if operation == "Query":
            return self._query(text)
        return super().answer(operation, text)

    def _query(self, text: str) -> str:
        values = json.loads(text)["ExpressionAttributeValues"]
        partition, run = values[":partition"]["S"], values[_PREFIX]["S"]
        found = [
            item
            for (pk, sk), item in sorted(self.items.items())
            if pk == partition and sk.startswith(run)
        ]
        return f'{{"Items":[{",".join(found)}],"Count":{len(found)}}}'
