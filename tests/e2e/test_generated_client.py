"""A client generated from the published description works with the deployed routes."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tools.api_contract.files import DESCRIPTION
from tools.local_stack.stack import LocalStack

GENERATOR = Path(sys.executable).with_name("openapi-python-client")
PACKAGE = "market_orders_client"
ORDER = {
    "external_id": "generated",
    "email": "johndoe@example.com",
    "endpoint": "website",
    "status": "new",
    "total_price": "10",
    "currency": "USD",
    "lines": [{"external_id": "1", "sku": "mug", "final_price_per_item": "5", "count": 2}],
}
DRAFT = {
    "orderNumber": "generated-draft",
    "totalPrice": {"currencyCode": "USD", "centAmount": 1990},
    "lineItems": [
        {
            "name": {"en": "Mug"},
            "variant": {"sku": "mug"},
            "quantity": 2,
            "price": {"value": {"currencyCode": "USD", "centAmount": 995}},
        }
    ],
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("generated")
    ended = subprocess.run(  # noqa: S603 - a program of the virtual environment
        [str(GENERATOR), "generate", "--path", str(DESCRIPTION), "--meta", "none"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    output = ended.stdout + ended.stderr
    assert ended.returncode == 0, output
    # The generator does not support XML. It must not skip anything else.
    paths = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
    with_xml = sum(
        "application/xml" in each.get("requestBody", {}).get("content", {})
        for path in paths.values()
        for each in path.values()
    )
    assert output.count("WARNING") == output.count("content type application/xml") == with_xml
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def module(generated: Path) -> Any:  # noqa: ANN401 - the test generates the code
    assert (generated / PACKAGE).is_dir()

    def load(name: str) -> ModuleType:
        return importlib.import_module(f"{PACKAGE}.{name}" if name else PACKAGE)

    return load


@pytest.fixture
def connect(stack: LocalStack, module: Any) -> Iterator[Any]:  # noqa: ANN401 - same
    """Return a function that creates a client with a token; the fixture closes the clients."""
    with ExitStack() as clients:

        def create(token: str, **rest: str) -> object:
            client = module("").AuthenticatedClient(
                base_url=stack.endpoint.base_url, token=token, **rest
            )
            return clients.enter_context(client)

        yield create


def test_the_client_imports_renames_and_reads_an_order(
    stack: LocalStack,
    module: Any,  # noqa: ANN401 - same
    connect: Any,  # noqa: ANN401 - same
) -> None:
    endpoint, models = stack.endpoint, module("models")
    body = models.AltcraftImportRequest.from_dict({"result_details": True, "data": [ORDER]})
    importer = module("api.altcraft_market.import_orders")
    imported = importer.sync(client=connect(endpoint.token), body=body)
    [entry] = imported.result
    assert (imported.error, entry.outcome) == (0, "created")
    seller = connect(endpoint.api_key, prefix="", auth_header_name="Api-Key")
    new_id = models.YandexMarketExternalId("generated-anew")
    api = "api.yandex_market"
    address = (endpoint.campaign_id, entry.order_id)
    renamed = module(f"{api}.update_external_id").sync(*address, client=seller, body=new_id)
    assert renamed.status == "OK"
    shown = module(f"{api}.get_order").sync(*address, client=seller)
    assert shown.order.external_order_id == "generated-anew"


def test_the_client_imports_and_finds_a_commercetools_order(
    stack: LocalStack,
    module: Any,  # noqa: ANN401 - same
    connect: Any,  # noqa: ANN401 - same
) -> None:
    client, project = connect(stack.endpoint.token), stack.endpoint.project_key
    api = "api.commercetools"
    body = module("models").CommercetoolsOrderDraft.from_dict(DRAFT)
    create = module(f"{api}.import_commercetools_order").sync
    created = create(project, client=client, body=body)
    assert created.order_number == "generated-draft"
    find = module(f"{api}.get_commercetools_order").sync
    found = find(project, "order-number=generated-draft", client=client)
    assert found.to_dict() == created.to_dict()
    again = create(project, client=client, body=body)
    assert [each.code for each in again.errors] == ["DuplicateField"]
