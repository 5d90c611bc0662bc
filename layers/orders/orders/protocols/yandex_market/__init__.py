"""Yandex Market Partner API: external ids, order reads and statuses of a seller's campaigns."""
