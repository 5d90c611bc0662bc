"""Wire contracts, one folder a protocol. They know neither each other nor AWS.

Every folder has the same files, as far as its protocol needs them:

| file | what it holds | altcraft | commercetools | yandex_market |
|---|---|---|---|---|
| `access` | who may send a request | x | x | x |
| `requests` | the body of a request to values | x | `drafts` | x |
| `submissions` | a sent order on its way to the store | x | x | |
| `checks` | what is wrong with a sent order | x | x | |
| `documents` | the stored form of an order | x | x | |
| `representation` | a stored order in this protocol's words | | x | x |
| `summaries` | what the other protocols show of its orders | x | x | |
| `answers` | answers, also to errors | x | x | x |
| `errors` | what is refused, and with which code | x | x | x |
| `import_orders` | use case | x | x | |
| `read_orders` | use case | | x | x |
| `read_messages` | use case | | x | |
| `delete_order` | use case | | x | |
| `update_order_status` | use case | | | x |
| `update_external_id` | use case | | | x |
| `issue_token` | use case | | x | |

The other files of a folder are parts of one of these. A request enters by `runtime/serve.py`, which
calls the endpoint of its use case with `(request, deadline)`: the endpoint returns an answer or
raises, and `answers.answer_error` answers what it raises. `http.py` is what the protocols share of
HTTP, `json_text.py` what they share of JSON.
"""
