"""What `sheriff doctor --teams` asks, on loopback: Entra's tokens, the Bot Framework's keys, somebody's endpoint."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

KEY = {"kty": "RSA", "kid": "key-1", "n": "sXch", "e": "AQAB", "endorsements": ["msteams"]}
REFUSAL = {"error": "This request does not prove that it comes from the Bot Framework."}


def refused(code: int, description: str = "") -> Response:
    """Entra's refusal, with the numbers for its support that nobody else can use."""
    told = description or f"AADSTS{code}: Something.\r\nTrace ID: 255d1aef\r\nCorrelation ID: 2015"
    return JSONResponse({"error": "invalid_client", "error_description": told, "error_codes": [code]}, status_code=401)


@dataclass
class Services:
    """Answers as told and keeps what it was asked."""

    url: str = ""
    token: Response = field(default_factory=lambda: JSONResponse({"access_token": "t", "expires_in": 3599}))
    metadata: Response | None = None
    keys: Any = field(default_factory=lambda: {"keys": [KEY]})
    endpoint: Response = field(default_factory=lambda: JSONResponse(REFUSAL, status_code=401))
    forms: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    posted: list[Any] = field(default_factory=list)


def _app(services: Services) -> FastAPI:
    app = FastAPI()

    @app.post("/{tenant}/oauth2/v2.0/token")
    async def token(tenant: str, request: Request) -> Response:
        services.forms.append((tenant, dict(await request.form())))
        return services.token

    @app.get("/metadata")
    def metadata() -> Response:
        return services.metadata or JSONResponse({"jwks_uri": f"{services.url}/keys"})

    @app.get("/keys")
    def keys() -> Any:
        return services.keys

    @app.post("/api/messages")
    async def messages(request: Request) -> Response:
        services.posted.append((await request.json(), dict(request.headers)))
        return services.endpoint

    return app


@contextmanager
def running_services(certificate: Path | None = None) -> Iterator[Services]:
    """The double on a free port; over TLS with a certificate that nobody trusts when a file for it is named."""
    services = Services()
    tls = {} if certificate is None else {"ssl_certfile": _self_signed(certificate), "ssl_keyfile": str(certificate)}
    config = uvicorn.Config(_app(services), host="127.0.0.1", port=0, log_config=None, lifespan="off", **tls)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    services.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield services
    finally:
        server.should_exit = True
        thread.join(timeout=5)


def _self_signed(file: Path) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return str(file)
