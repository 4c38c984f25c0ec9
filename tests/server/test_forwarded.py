"""The header by which the standard (RFC 7239) lets a proxy say what the browser asked."""

from __future__ import annotations

import pytest

from tests.server.test_proxy import NAME, client


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (f"for=192.0.2.4;host={NAME};proto=https", 405),
        (f'for="[2001:db8::1]"; Host="{NAME}"; Proto=https, for=10.0.0.1', 405),
        ("host=evil.example;proto=https", 403),
        ("for=192.0.2.4", 405),
    ],
)
def test_the_header_of_the_standard_is_understood(said: str, status: int) -> None:
    origin = {"Origin": f"https://{NAME}"}
    with client(f"https://{NAME}:443", peer="10.0.0.7", trusted_proxies=("10.0.0.7",)) as http:
        # the origin is allowed by itself, so a host that is not is what refuses
        answer = http.post("/api/health", headers={"Forwarded": said, **origin})
        assert answer.status_code == status
    with client(peer="10.0.0.8", trusted_proxies=("10.0.0.7",)) as http:
        assert http.post("/api/health", headers={"Forwarded": said, **origin}).status_code == 403
