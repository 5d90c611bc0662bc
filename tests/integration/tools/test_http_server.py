"""The HTTP server of the tests ends everything that it started."""

import http.client
import threading
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

from market_orders_testing.http_server import Given, served
from tests.support.left_threads import left_threads


def _client(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)


def test_a_connection_that_its_client_keeps_open_ends_with_the_server() -> None:
    before = set(threading.enumerate())
    with ExitStack() as kept:
        with served(lambda _asked: Given()) as url:
            client = kept.enter_context(closing(_client(url)))
            client.request("GET", "/")
            assert client.getresponse().read() == b"{}"
            assert len(left_threads(before, patience=0)) == 2
        assert left_threads(before, patience=0) == []


def test_an_answer_that_has_begun_is_sent_whole() -> None:
    asked, ending = threading.Event(), threading.Event()

    def answer(_asked: object) -> Given:
        asked.set()
        assert ending.wait(5)
        return Given()

    with ExitStack() as kept:
        with served(answer) as url:
            client = kept.enter_context(closing(_client(url)))
            client.request("GET", "/")
            assert asked.wait(5)
            threading.Timer(0.05, ending.set).start()
        assert client.getresponse().read() == b"{}"
