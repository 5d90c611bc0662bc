"""Wire contracts, one folder for each protocol. Protocols import neither each other nor AWS code.

`runtime/serve.py` receives a request and calls the endpoint of its route with
`(request, deadline)`. The endpoint returns an answer or raises an error, which the protocol's
`answers.answer_error` turns into an answer. Each folder has these files if its protocol needs them:

| file | content | altcraft | commercetools | yandex_market | hub |
|---|---|---|---|---|---|
| `access` | authentication and permissions | x | x | x | x |
| `requests` | the shape of a request body, and its validation | x | x | x | x |
| `submissions` | a sent order as the import takes it | x | x | | |
| `checks` | the rules of a sent order and their errors | x | x | | |
| `documents` | the stored form of an order | x | x | | |
| `representation` | a stored order as this protocol returns it | x | x | x | x |
| `summaries` | the facts of an order that other protocols show | x | x | | |
| `states` | order statuses and their fulfilment states | x | x | x | |
| `scopes` | the protocol's names for client roles | | x | x | |
| `answers` | body and headers of every answer, also of errors | x | x | x | x |
| `errors` | status, code and message of every error | x | x | x | x |
| `import_orders` | use case | x | x | | |
| `read_orders` | use case | | x | x | x |
| `list_orders` | use case | x | | | |
| `get_status` | use case | x | | | |
| `read_history` | use case | | | | x |
| `read_changes` | use case | | | | x |
| `reconcile` | use case | | | | x |
| `read_messages` | use case | | x | | |
| `read_project` | use case | | x | | |
| `read_campaigns` | use case | | | x | |
| `delete_order` | use case | x | x | | x |
| `update_order` | use case | | x | | |
| `revive_order` | use case | | | | x |
| `update_line_status` | use case | x | | | x |
| `update_order_status` | use case | | | x | |
| `update_order_statuses` | use case | | | x | |
| `read_buyers` | use case | | | x | |
| `update_external_id` | use case | | | x | |
| `import_catalogue` | use case | x | | | |
| `list_catalogue` | use case | x | | | |
| `delete_from_catalogue` | use case | x | | | |
| `issue_token` | use case | | x | | |

The other files of a folder are parts of these:

- altcraft: `media_types` (JSON or XML), `json_codec`, `xml_codec`, `xml_shapes` and `decoded`
  decode a body to the plain data that `requests` validates; `drafts` holds the validated values;
  `profile_matching` is a part of `checks`. `calls` opens every call other than the import, with the
  `parameters` of its body; `named_orders` finds the order that a body names, `from_ids` are the
  positions in lists, `changes` has the bodies of the calls that change one order, and
  `unknown_call` answers other paths. `catalogue_requests` and `catalogue_submissions` are for
  products and SKUs what `requests` and `submissions` are for orders. `callers` finds the client
  of a write with a key.
- commercetools: `requests` is declared with `shapes` and `money_shapes`; `references`,
  `products`, `money`, `taxes` and `times` are values of a draft; `stored_shapes`, `stored_forms`
  and `shared_rates` keep `documents` small; `updates` reads and applies an update, whose actions
  are in `actions`; `queries` reads query parameters, `predicates` the language of `where`,
  and `filters` turns both into a query of the store; `expansion` is the parameter `expand`;
  `foreign_orders` is the representation of orders that another protocol wrote; `messages`
  derives messages from versions of an order, and `message_ids` has their ids.
- yandex_market: `filters` turns the filters of lists into a query of the store; `substatuses` has
  their values.
- hub: `queries` reads query and path parameters, and `cursors` the positions in lists.

All protocols share `http` (requests, answers and their size limits), `idempotency` (the header
Idempotency-Key, for which the door wraps every endpoint that writes), `json_text` (JSON that keeps
the digits of numbers), `cursors` (positions in lists as texts) and `settings_document` (the
settings that operators write). Values that
several protocols accept are read in the domain: times in `domain/times.py`, amounts in
`domain/money.py`, external ids in `domain/identifiers.py`, custom fields in
`domain/custom_fields.py`.
"""
