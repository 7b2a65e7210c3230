"""Which headers cross the proxy."""

from shadow.upstream.headers import forwardable, returnable


def test_end_to_end_headers_are_forwarded_in_their_order() -> None:
    headers = [(b"User-Agent", b"Go-http-client/1.1"), (b"content-type", b"application/json"), (b"x-a", b"1")]
    assert forwardable(headers) == [
        (b"user-agent", b"Go-http-client/1.1"),
        (b"content-type", b"application/json"),
        (b"x-a", b"1"),
    ]


def test_what_concerns_this_hop_or_opens_the_proxy_is_not_forwarded() -> None:
    names = (
        "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
        "upgrade host content-length expect accept-encoding authorization traceparent x-shadow-role x-shadow-call"
    )
    assert forwardable([(name.title().encode(), b"x") for name in names.split()]) == []


def test_headers_that_connection_names_stay_here() -> None:
    headers = [(b"x-b", b"2"), (b"connection", b"close, X-A"), (b"x-a", b"1")]
    assert forwardable(headers) == [(b"x-b", b"2")]
    assert returnable(headers) == [(b"x-b", b"2")]


def test_an_answers_headers_are_returned_without_its_length() -> None:
    headers = [(b"etag", b'"a"'), (b"content-length", b"2"), (b"transfer-encoding", b"chunked"), (b"retry-after", b"1")]
    assert returnable(headers) == [(b"etag", b'"a"'), (b"retry-after", b"1")]
