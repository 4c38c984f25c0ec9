"""Behind real proxies, with a path, TLS and a Host of their own."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, socket

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.server.test_proxy import NAME, serving


def free_port() -> int:
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  server {{
    listen 127.0.0.1:{front} ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location /lab/ {{ proxy_pass http://127.0.0.1:{back}/; }}
    location /kept/ {{ proxy_pass http://127.0.0.1:{back}; }}
    location /said/ {{
      proxy_pass http://127.0.0.1:{back};
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Prefix /said;
    }}
  }}
}}
"""
CADDY = """
{{
	admin off
	auto_https off
	storage file_system {folder}/store
}}
https://:{front} {{
	bind 127.0.0.1
	tls {folder}/cert.pem {folder}/key.pem
	handle_path /lab/* {{
		reverse_proxy 127.0.0.1:{back} {{
			header_up Host {{upstream_hostport}}
			header_up -X-Forwarded-Host
		}}
	}}
	handle /kept/* {{
		reverse_proxy 127.0.0.1:{back} {{
			header_up Host {{upstream_hostport}}
			header_up -X-Forwarded-Host
		}}
	}}
	handle /said/* {{
		reverse_proxy 127.0.0.1:{back} {{
			header_up Host {{upstream_hostport}}
			header_up X-Forwarded-Host {{hostport}}
			header_up X-Forwarded-Prefix /said
		}}
	}}
}}
"""
PROXIES = {
    "nginx": (
        NGINX,
        lambda folder, file: [
            "nginx",
            "-p",
            str(folder),
            "-c",
            str(file),
            "-e",
            str(folder / "error.log"),
        ],
    ),
    "caddy": (
        CADDY,
        lambda folder, file: ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)],
    ),
}


@contextmanager
def proxied(kind: str, folder: Path, back: int) -> Iterator[int]:
    """A proxy with a certificate of its own in front of a port; its port."""
    front = free_port()
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={NAME}",
    ]
    subprocess.run(
        [*made, "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True,
        capture_output=True,
    )
    text, command = PROXIES[kind]
    (folder / "proxy.conf").write_text(text.format(folder=folder, front=front, back=back))
    with (folder / "said.log").open("wb") as said:
        process = subprocess.Popen(command(folder, folder / "proxy.conf"), stdout=said, stderr=said)
    try:
        for _ in range(200):
            try:
                create_connection(("127.0.0.1", front), 1).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "said.log").read_text()
                time.sleep(0.05)
        yield front
    finally:
        process.terminate()
        process.wait(120)


class Browser:
    """Asks by the proxy's name, as a browser does whose machine knows that name."""

    def __init__(self, port: int) -> None:
        self.port, self.origin = port, f"https://{NAME}:{port}"
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE

    def get(self, path: str, **params: str) -> httpx.Response:
        headers = {"Host": f"{NAME}:{self.port}"}
        with httpx.Client(verify=False, trust_env=False) as http:
            return http.get(
                f"https://127.0.0.1:{self.port}{path}",
                params=params,
                headers=headers,
                extensions={"sni_hostname": NAME},
            )

    def hello(self, path: str) -> str:
        address = f"wss://{NAME}:{self.port}{path}"
        with connect(
            address,
            sock=create_connection(("127.0.0.1", self.port), 60),
            ssl=self.context,
            server_hostname=NAME,
            origin=Origin(self.origin),
            proxy=None,
            open_timeout=60,
        ) as page:
            return str(page.recv(60))


@pytest.mark.parametrize("kind", PROXIES)
def test_through_a_real_proxy_with_a_path_tls_and_another_host(kind: str, tmp_path: Path) -> None:
    if shutil.which(kind) is None or shutil.which("openssl") is None:
        pytest.skip(f"{kind} and openssl are needed: apt-get install {kind} openssl")
    for hosts, opens in (((NAME,), True), ((), False)):
        with serving(*hosts, root_path="/kept") as back, proxied(kind, tmp_path, back) as port:
            browser = Browser(port)
            for path in ("/lab", "/kept", *(["/said"] if opens else [])):
                assert browser.get(f"{path}/api/runs").json()["runs"][0]["name"] == "fake"
                found = browser.get(f"{path}/api/reach", origin=browser.origin).json()
                assert found["accepted"] == opens
                if opens:
                    assert '"hello"' in browser.hello(f"{path}/api/stream")
                else:
                    assert f"--allow-host {NAME}:{port}" in found["message"]
                    with pytest.raises(InvalidStatus) as caught:
                        browser.hello(f"{path}/api/stream")
                    assert caught.value.response.status_code == 403
            if not opens:
                assert (
                    f"--allow-host {NAME}"
                    in browser.get("/said/api/runs").json()["error"]["message"]
                )
