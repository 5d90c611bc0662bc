"""The product of a line comes from the catalogue or, without one, from the line itself."""

import pytest

from orders.domain.catalogue import Product, Variant
from orders.domain.problems import Code
from orders.domain.settings import Endpoint, Settings
from orders.domain.submissions import Rejection
from tests.support.commercetools import PROJECT, draft, line
from tests.support.drafts import answer_of, document, rejected
from tests.support.functions import Tree

MUG = Product(
    "mug-id",
    (Variant(1, "mug-red"), Variant(2, "mug-blue"), Variant(3)),
    key="mug",
    product_type="kitchen",
    slug={"en": "a-mug"},
)
CAP = Product("cap-id", (Variant(1, "cap"),))
LISTED = Settings(
    endpoints={"website": Endpoint("website")},
    products={product.id: product for product in (MUG, CAP)},
)


def item_of(sent: Tree, settings: Settings = LISTED) -> Tree:
    [item] = document(draft(lineItems=[line(**sent)]), settings)["lineItems"]
    plain: Tree = item
    return plain


def named(item: Tree) -> tuple[str, int, str | None]:
    return item["productId"], item["variant"]["id"], item["variant"].get("sku")


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"variant": {"sku": "mug-blue"}}, ("mug-id", 2, "mug-blue")),
        ({"productId": "mug-id", "variant": {"id": 2}}, ("mug-id", 2, "mug-blue")),
        (
            {"productId": "mug-id", "variant": {"id": 2, "sku": "mug-blue"}},
            ("mug-id", 2, "mug-blue"),
        ),
        ({"productId": "mug-id", "variant": {"id": 3}}, ("mug-id", 3, None)),
        ({"variant": {"sku": "cap"}}, ("cap-id", 1, "cap")),
    ],
)
def test_missing_product_members_come_from_the_catalogue(
    sent: Tree, found: tuple[str, int, str | None]
) -> None:
    assert named(item_of(sent)) == found


def test_a_listed_product_has_its_key_slug_and_type() -> None:
    item = item_of({"variant": {"sku": "mug-red"}})
    assert (item["productKey"], item["productSlug"]) == ("mug", {"en": "a-mug"})
    assert item["productType"] == {"typeId": "product-type", "id": "kitchen"}


def test_members_that_the_catalogue_lacks_are_left_out_or_derived() -> None:
    item = item_of({"variant": {"sku": "cap"}})
    assert not {"productKey", "productSlug"} & item.keys()
    assert item["productType"]["typeId"] == "product-type"


@pytest.mark.parametrize(
    ("sent", "members"),
    [
        ({"variant": {"sku": "hat"}}, {"typeId": "product"}),
        ({"productId": "hat-id", "variant": {"id": 1}}, {"typeId": "product", "id": "hat-id"}),
        (
            {"productId": "hat-id", "variant": {"id": 1, "sku": "mug-red"}},
            {"typeId": "product", "id": "hat-id"},
        ),
    ],
)
def test_an_unlisted_product_is_rejected(sent: Tree, members: Tree) -> None:
    [error] = rejected(draft(lineItems=[line(**sent)]), LISTED)
    assert (error.code, error.members) == ("ReferencedResourceNotFound", members)


@pytest.mark.parametrize("sku", [None, "mug-red", "hat"])
def test_an_unlisted_variant_of_a_listed_product_is_named(sku: str | None) -> None:
    variant = {"id": 4} if sku is None else {"id": 4, "sku": sku}
    [error] = rejected(draft(lineItems=[line(productId="mug-id", variant=variant)]), LISTED)
    assert (error.code, error.members["field"], error.members["invalidValue"]) == (
        "InvalidField",
        "variant.id",
        4,
    )
    assert error.members["allowedValues"] == [
        str(variant.id) for variant in LISTED.products["mug-id"].variants
    ]
    assert error.message.endswith("Product 'mug-id' has no such variant.")


def test_an_unlisted_variant_may_be_due_to_stale_settings() -> None:
    answer = answer_of(draft(lineItems=[line(productId="mug-id", variant={"id": 4})]), LISTED)
    assert isinstance(answer, Rejection)
    assert [problem.code for problem in answer.problems] == [Code.UNKNOWN_PRODUCT]


@pytest.mark.parametrize(
    "sent",
    [
        {"productId": "mug-id", "variant": {"id": 1, "sku": "mug-blue"}},
        {"productId": "mug-id", "variant": {"id": 1, "sku": "hat"}},
        {"productId": "mug-id", "variant": {"id": 3, "sku": "mug-red"}},
    ],
)
def test_a_sku_of_another_variant_is_rejected(sent: Tree) -> None:
    [error] = rejected(draft(lineItems=[line(**sent)]), LISTED)
    assert (error.code, error.members["field"]) == ("InvalidField", "sku")


def test_each_unknown_product_is_reported_up_to_a_limit() -> None:
    lines = [line(variant={"sku": "hat"}), line(variant={"sku": "cap"}), line(variant={"sku": "x"})]
    assert len(rejected(draft(lineItems=lines), LISTED)) == 2
    assert len(rejected(draft(lineItems=lines[:1] * 100), LISTED)) == 20


def test_an_unknown_product_may_be_due_to_stale_settings() -> None:
    answer = answer_of(draft(lineItems=[line(variant={"sku": "hat"})]), LISTED)
    assert isinstance(answer, Rejection)
    assert [problem.code for problem in answer.problems] == [Code.UNKNOWN_PRODUCT]


class TestWithoutACatalogue:
    settings = Settings(endpoints={"website": Endpoint("website")})

    @pytest.mark.parametrize(
        ("sent", "found"),
        [
            ({"productId": "p", "variant": {"id": 7}}, ("p", 7, None)),
            ({"productId": "p", "variant": {"id": 7, "sku": "m"}}, ("p", 7, "m")),
        ],
    )
    def test_the_product_of_a_line_is_accepted_as_sent(
        self, sent: Tree, found: tuple[str, int, str | None]
    ) -> None:
        assert named(item_of(sent, self.settings)) == found

    def test_a_sku_alone_is_the_first_variant_of_a_derived_product(self) -> None:
        def product(sku: str, account: str = PROJECT) -> str:
            sent = draft(lineItems=[line(variant={"sku": sku})])
            [item] = document(sent, self.settings, account)["lineItems"]
            assert item["variant"]["id"] == 1
            identity: str = item["productId"]
            return identity

        assert product("mug") == product("mug")
        assert len({product("mug"), product("cap"), product("mug", "other")}) == 3

    def test_the_product_type_is_derived_from_the_product(self) -> None:
        one, same, other = (
            item_of({"productId": product, "variant": {"id": 1}}, self.settings)["productType"]
            for product in ("p", "p", "q")
        )
        assert one == same
        assert one != other
        assert one["typeId"] == "product-type"
