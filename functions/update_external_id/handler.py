"""Lambda function of the external-id update (Yandex Market)."""

from orders.runtime.composition.yandex_market import update_external_id
from orders.runtime.serve import serve

lambda_handler = serve(update_external_id)
