"""Wire contracts, one folder a protocol. They know neither each other nor AWS.

A request enters by `runtime/serve.py`, which calls the endpoint of its route with
`(request, deadline)`. The endpoint returns an answer or raises; `answers.answer_error` answers what
it raises. Every folder has the same files, as far as its protocol needs them:

| file | what it holds | altcraft | commercetools | yandex_market |
|---|---|---|---|---|
| `access` | who may send a request | x | x | x |
| `requests` | the shape of a body, and how it becomes values | x | x | x |
| `submissions` | a sent order on its way to the store | x | x | |
| `checks` | the rules of a sent order, and which error each one gives | x | x | |
| `documents` | the stored form of an order | x | x | |
| `representation` | a stored order in this protocol's words | x | x | x |
| `summaries` | what the other protocols show of its orders | x | x | |
| `states` | its order statuses as states of fulfilment | x | x | x |
| `scopes` | its names for the roles of a client | | x | x |
| `answers` | the body and headers of every answer, also to an error | x | x | x |
| `errors` | how an error is named: status, code, message | x | x | x |
| `import_orders` | use case | x | x | |
| `read_orders` | use case | | x | x |
| `read_messages` | use case | | x | |
| `delete_order` | use case | | x | |
| `update_order_status` | use case | | | x |
| `update_external_id` | use case | | | x |
| `issue_token` | use case | | x | |

What else is in a folder is a part of one of these:

- altcraft: `media_types` (JSON or XML), `json_codec`, `xml_codec`, `xml_shapes` and `decoded` are
  the steps from bytes to the plain data that `requests` reads; `drafts` are the values that it
  reads to; `profile_matching` is a part of `checks`.
- commercetools: `shapes` and `money_shapes` are what `requests` is declared with; `references`,
  `products`, `money`, `taxes` and `times` are values of a draft; `queries` reads the query
  parameters of the reads; `foreign_orders` is the representation of other protocols' orders.

Shared by all: `http` (requests, answers, and the largest of both), `json_text` (JSON that keeps
the digits of numbers) and `settings_document` (settings as operators write them). Spellings that
several protocols take are read in the domain: times in `domain/times.py`, amounts in
`domain/money.py`, external ids in `domain/identifiers.py`, custom fields in
`domain/custom_fields.py`.
"""
