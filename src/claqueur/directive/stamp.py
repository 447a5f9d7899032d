"""Third-party time stamps (RFC 3161): who says that a registration existed, and when.

The token comes from a time-stamping authority, which nobody here asks: a request is carried to it
and its answer is carried back. Needs the extra ``claqueur[timestamp]``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from claqueur.errors import SettingError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

_NEXT = {
    "Mismatch between messages": "it stamps another file; ask for one over the file as it is now",
    "signer certificate not found": "the authority's certificate is missing in it; ask again with "
    "`openssl ts -query … -cert`",
    "certificate verify error": "--tsa-root does not lead to the certificate that signed it; take "
    "the authority's own root certificate",
}
"""What the library says somewhere in its message, and what to do then."""


HASH = "2.16.840.1.101.3.4.2.1"
"""SHA-256, as certificates name it."""


@dataclass(frozen=True)
class Stamp:
    """Who stamped, and when (UTC, to the second)."""

    by: str
    time: str


@dataclass(frozen=True)
class Request:
    """What an authority is asked: the bytes to send, and the number its answer has to repeat."""

    content: bytes
    nonce: int | None


def can_verify() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("rfc3161_client") is not None


def request(message: bytes) -> Request:
    """A request over a message: only its SHA-256 is in it.

    Raises
    ------
    SettingError
        If the extra is missing.
    """
    _needed()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256)
    made = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    return Request(made.as_bytes(), made.nonce)


def claimed(token: bytes, message: bytes, nonce: int | None = None) -> Stamp:
    """Who says when that a message existed, going by the token alone: no signature is checked.

    Parameters
    ----------
    nonce
        The request's, if the answer has to be one to it.

    Raises
    ------
    SettingError
        If the extra is missing, or the token is refused, of another message or another request.
    """
    _needed()
    answer = _granted(token)
    imprint = answer.tst_info.message_imprint
    if imprint.hash_algorithm.dotted_string != HASH:
        raise SettingError("the token does not hold: it is not over a SHA-256")
    if imprint.message != hashlib.sha256(message).digest():
        raise SettingError(f"the token does not hold: {_NEXT['Mismatch between messages']}")
    if nonce is not None and answer.tst_info.nonce != nonce:
        raise SettingError("the token does not hold: it answers another request; ask again")
    return _stamp(answer)


def verify(token: bytes, message: bytes, roots: bytes) -> Stamp:
    """Check a token over a message, down to a root certificate.

    Parameters
    ----------
    token
        The authority's answer, a ``.tsr`` file.
    roots
        Certificates in PEM: the authority's root, and others between if the token lacks them.

    Raises
    ------
    SettingError
        If the extra is missing, or the token is not what it should be.
    """
    _needed()
    from rfc3161_client import VerificationError, VerifierBuilder

    answer = _granted(token)
    try:
        verifier = VerifierBuilder(roots=_certificates(roots)).build()
        with _no_panic():
            verifier.verify_message(answer, message)
    except (VerificationError, ValueError) as error:
        raise SettingError(f"the token does not hold: {_explained(str(error))}") from None
    return _stamp(answer)


@contextmanager
def _no_panic() -> Iterator[None]:
    """A panic of the library, which is no Exception, as a ValueError.

    It panics on certificates that OpenSSL cannot read and that Python's library still could.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError("a certificate cannot be read") from None


def _needed() -> None:
    if not can_verify():
        raise SettingError(
            "time stamps need the library rfc3161-client; "
            "install it with: pip install 'claqueur[timestamp]'"
        )


def _granted(token: bytes) -> TimeStampResponse:
    from rfc3161_client import PKIStatus

    answer = _decoded(token)
    if answer.status != PKIStatus.GRANTED:
        known = answer.status in list(PKIStatus)
        status = PKIStatus(answer.status).name if known else f"status {answer.status}"
        said = " ".join([status, *answer.status_string])
        raise SettingError(f"the authority did not grant the time stamp ({said}); ask again")
    return answer


def _stamp(answer: TimeStampResponse) -> Stamp:
    time = answer.tst_info.gen_time.replace(microsecond=0)
    return Stamp(_signer(answer), time.astimezone(UTC).isoformat())


def _decoded(token: bytes) -> TimeStampResponse:
    from rfc3161_client import decode_timestamp_response

    try:
        return decode_timestamp_response(token)
    except ValueError as error:
        raise SettingError(
            f"the token is no time-stamp response ({error}); give the .tsr file as the "
            "authority sent it, made without openssl's -chain"
        ) from None


def _certificates(roots: bytes) -> list[Certificate]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import InvalidVersion, load_pem_x509_certificates

    try:
        with warnings.catch_warnings():
            # What a later version will refuse is refused now.
            warnings.simplefilter("error")
            found = load_pem_x509_certificates(roots)
            for each in found:
                # These are read when they are asked for, not before.
                _ = each.subject, each.issuer, each.public_key()
            return found
    except (ValueError, InvalidVersion, UnsupportedAlgorithm, Warning):
        raise SettingError(
            "--tsa-root: is no certificate in PEM (-----BEGIN CERTIFICATE-----); convert it with "
            "`openssl x509 -inform der -in CERT.der -out CERT.pem`"
        ) from None


def check_certificates(path: Path) -> bytes:
    """The content of a file of certificates in PEM.

    Raises
    ------
    SettingError
        If it cannot be read, or holds none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingError(f"--tsa-root {path}: cannot be read ({error.strerror})") from None
    if can_verify():
        _certificates(content)
    return content


def _explained(said: str) -> str:
    advice = (text for part, text in _NEXT.items() if part in said)
    return next(advice, f"the file may be damaged; ask for another ({said})")


def _signer(answer: TimeStampResponse) -> str:
    """Name of the certificate that signed: organisation and common name."""
    from cryptography.x509 import load_der_x509_certificate
    from cryptography.x509.oid import NameOID

    signer = next(iter(answer.signed_data.signer_infos))
    for encoded in answer.signed_data.certificates:
        certificate = load_der_x509_certificate(encoded)
        if (certificate.serial_number, certificate.issuer) == (signer.serial_number, signer.issuer):
            names = [
                str(entry.value)
                for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
                for entry in certificate.subject.get_attributes_for_oid(kind)
            ]
            return ", ".join(names) or certificate.subject.rfc4514_string()
    return "an authority without a name"
