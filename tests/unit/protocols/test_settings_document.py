"""Settings are converted to a document and back without loss."""

from hypothesis import given

from orders.domain.settings import Settings, declare
from orders.protocols.settings_document import SettingsDocument, document_of
from tests.support.settings_strategies import all_settings


@given(all_settings())
def test_a_settings_document_is_read_back(settings: Settings) -> None:
    text = document_of(settings).model_dump_json(exclude_unset=True)
    assert SettingsDocument.model_validate_json(text).settings() == settings


@given(all_settings())
def test_a_document_declares_all_its_sections(settings: Settings) -> None:
    assert declare(Settings(), document_of(settings).declaration()) == settings
