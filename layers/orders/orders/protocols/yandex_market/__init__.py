"""Yandex Market Partner API: order reads, status changes and external ids of a campaign."""

PROTOCOL = "yandex_market"
