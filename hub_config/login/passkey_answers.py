"""What an authenticator says, read and checked by py_webauthn as WebAuthn Level 3 (7.1, 7.2) asks: pure (MFA-15).

The person was there and proved to the authenticator who they are (user presence and verification), on a page of this
hub's own origin, for this challenge. The signature counter is the caller's to compare.
"""

from hashlib import sha256
from urllib.parse import urlsplit

import msgspec
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json

_LONGEST = 20_000
"""Characters of an answer; more than any needs, an attestation with its certificates included."""

_LONGEST_ID = 1023  # bytes (WebAuthn Level 3, 5.1)


class Site(msgspec.Struct, frozen=True):
    """Whom passkeys are for: the relying party's id, which is the host's name, and the one origin of its pages."""

    rp_id: str
    origin: str


class Stored(msgspec.Struct, frozen=True):
    """What is kept of a passkey, sealed: base64url of the credential id, the COSE public key and the user handle."""

    credential: str
    key: str
    user: str


class Registered(msgspec.Struct, frozen=True):
    """A passkey that was just made."""

    stored: Stored
    count: int


class Asserted(msgspec.Struct, frozen=True):
    """A passkey that was just given, and its signature counter."""

    count: int


class NotProved(Exception):
    """What came is no proof: another origin, no user verification, another challenge, a bad signature or form."""


def credential_digest(credential: str) -> str:
    """Return the name under which a credential id, in base64url, is found. Raises NotProved for no credential id."""
    try:
        raw = base64url_to_bytes(credential)
    except ValueError:
        raise NotProved("no credential id") from None
    if not 0 < len(raw) <= _LONGEST_ID or bytes_to_base64url(raw) != credential:
        raise NotProved("no credential id")
    return sha256(raw).hexdigest()


def credential_of(answer: str) -> str:
    """Return the digest of the credential id that an answer names, unchecked. Raises NotProved."""
    if len(answer) > _LONGEST:
        raise NotProved("too long")
    try:
        return credential_digest(msgspec.json.decode(answer, type=_Named).id)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise NotProved("no answer of an authenticator") from None


def registered(site: Site, challenge: bytes, user: str, answer: str) -> Registered:
    """Return the passkey that an authenticator made for the user handle `user`. Raises NotProved."""
    named = credential_of(answer)
    try:
        _same_page(msgspec.json.decode(answer, type=_Named))
        found = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.rp_id, expected_origin=site.origin,
            require_user_presence=True, require_user_verification=True,
        )  # fmt: skip
    except Exception as error:  # a stranger's bytes: whatever the library trips over is no proof
        raise NotProved(str(error)) from None
    credential = bytes_to_base64url(found.credential_id)
    if credential_digest(credential) != named:
        raise NotProved("two credential ids")
    return Registered(Stored(credential, bytes_to_base64url(found.credential_public_key), user), found.sign_count)


def asserted(site: Site, challenge: bytes, stored: Stored, answer: str) -> Asserted:
    """Check what an authenticator signed with a known passkey. Raises NotProved."""
    try:
        named = msgspec.json.decode(answer, type=_Named)
        _same_page(named)
        found = verify_authentication_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.rp_id, expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(stored.key),
            credential_current_sign_count=0,  # compared where it is kept, so that two at once count once
            require_user_verification=True,
        )  # fmt: skip
    except Exception as error:  # as above
        raise NotProved(str(error)) from None
    if named.id != stored.credential or named.response.userHandle not in (None, "", stored.user):
        raise NotProved("another passkey")
    return Asserted(found.new_sign_count)


def site_of(url: str) -> Site | None:
    """Return whom passkeys are for at a public address, or None where browsers make none: see `UNUSABLE`."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", f":{parts.port}" if parts.port is not None else ""
    secure = parts.scheme == "https" or host == "localhost"
    if not host or not secure or ":" in host or host.rpartition(".")[2].isdigit():
        return None
    default = {"https": ":443", "http": ":80"}.get(parts.scheme)
    return Site(host, f"{parts.scheme}://{host}{'' if port == default else port}")


UNUSABLE = (
    "Passkeys cannot be used here: this installation is reached by an IP address, or without https, and browsers make "
    "passkeys for a host's name alone."
)


class _Response(msgspec.Struct, frozen=True):
    clientDataJSON: str  # noqa: N815 - WebAuthn's name
    userHandle: str | None = None  # noqa: N815


class _Named(msgspec.Struct, frozen=True):
    id: str
    response: _Response


def _same_page(named: _Named) -> None:
    """No page of another origin had ours in a frame (WebAuthn Level 3, 7.1 step 10, 7.2 step 14)."""
    if parse_client_data_json(base64url_to_bytes(named.response.clientDataJSON)).cross_origin:
        raise NotProved("in another site's frame")
