"""Third-party time stamps (RFC 3161): who says that a registration existed, and when.

The token comes from a time-stamping authority, which nobody here asks: a file is carried to it
and its answer is carried back. Needs the extra ``claqueur[timestamp]``.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from claqueur.errors import SettingError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

_NEXT = {
    "Mismatch between messages": "it stamps another file; ask for one over the .sha256 file of "
    "the latest version",
    "signer certificate not found": "the authority's certificate is missing in it; ask again with "
    "`openssl ts -query … -cert`",
    "certificate verify error": "--tsa-root does not lead to the certificate that signed it; take "
    "the authority's own root certificate",
}
"""What the library says somewhere in its message, and what to do then."""


@dataclass(frozen=True)
class Stamp:
    """Who stamped, and when (UTC, to the second)."""

    by: str
    time: str


def can_verify() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("rfc3161_client") is not None


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
    if not can_verify():
        raise SettingError(
            "time stamps need the library rfc3161-client; "
            "install it with: pip install 'claqueur[timestamp]'"
        )
    from rfc3161_client import PKIStatus, VerificationError, VerifierBuilder

    answer = _decoded(token)
    if (status := PKIStatus(answer.status)) != PKIStatus.GRANTED:
        said = " ".join([status.name, *answer.status_string])
        raise SettingError(f"the authority did not grant the time stamp ({said}); ask again")
    try:
        verifier = VerifierBuilder(roots=_certificates(roots)).build()
        verifier.verify_message(answer, message)
    except (VerificationError, ValueError) as error:
        raise SettingError(f"the token does not hold: {_explained(str(error))}") from None
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
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(roots)
    except ValueError:
        raise SettingError(
            "--tsa-root: is no certificate in PEM (-----BEGIN CERTIFICATE-----); convert it with "
            "`openssl x509 -inform der -in CERT.der -out CERT.pem`"
        ) from None


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
