"""A time-stamping authority of our own, made by openssl, and served on this computer."""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

AUTHORITY = """\
[req]
distinguished_name = dn
prompt = no
[dn]
O = Test Authority
CN = Time Stamps
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = own
[own]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


def make_authority(folder: Path) -> Path:
    """Keys and certificates: root.pem leads to tsa.pem, other.pem does not."""
    (folder / "tsa.cnf").write_text(AUTHORITY)
    (folder / "serial").write_text("01\n")
    for name in ("root", "other"):
        openssl(
            folder, f"req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem "
            f"-days 30 -subj /O={name}/CN=Root -config tsa.cnf -extensions root"
        )  # fmt: skip
    openssl(folder, "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -config tsa.cnf")
    openssl(
        folder, "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem "
        "-days 30 -extfile tsa.cnf -extensions leaf"
    )  # fmt: skip
    return folder


def openssl(folder: Path, command: str) -> None:
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)


def token(authority: Path, data: Path, query: str = "-sha256 -cert", reply: str = "") -> Path:
    """What the authority answers to a request over a file, as the documentation has it made."""
    out = data.with_suffix(".tsr")
    request = out.with_suffix(".tsq")
    openssl(authority, f"ts -query -data {data} {query} -out {request}")
    return replied(authority, request, out, reply)


def replied(authority: Path, request: Path, out: Path, reply: str = "") -> Path:
    openssl(authority, f"ts -reply -queryfile {request} -config tsa.cnf -out {out} {reply}")
    return out


@contextmanager
def served(authority: Path, answers: dict[str, tuple[int, bytes]] | None = None) -> Iterator[str]:
    """The authority on a port of its own; other paths give the answers named, status and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            right = self.headers["Content-Type"] == "application/timestamp-query"
            status, answer = (answers or {}).get(self.path) or (200 if right else 415, b"")
            if not answer and status == 200:
                with tempfile.TemporaryDirectory() as scratch:
                    request = Path(scratch) / "asked.tsq"
                    request.write_bytes(body)
                    answer = replied(authority, request, Path(scratch) / "reply.tsr").read_bytes()
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
