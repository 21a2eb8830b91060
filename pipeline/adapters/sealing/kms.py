"""Key management services that seal the master key file, through Tink's clients.

A service is named by a URI: `aws-kms://arn:aws:kms:…`, `gcp-kms://projects/…`,
`hcvault://host:8200/transit/keys/name`, or one that a client registered with
`tink.register_kms_client` supports. Credentials are those of the service's own library (AWS and
Google: the usual variables and files; Vault: `VAULT_TOKEN`); Deckname has no setting for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import tink
from tink import aead

from pipeline.domain.errors import ConfigurationError, ServiceUnavailable

_NOTHING = b""  # associated data: Vault's transit engine takes none


class Kms:
    """One key of a service. Its name may be logged; what it opens may not."""

    def __init__(self, uri: str) -> None:
        """Raises `ConfigurationError` where nobody here knows such a service."""
        self.uri = uri
        self._aead = _opened(uri)

    def seal(self, keyset: bytes) -> bytes:
        """Raises `ServiceUnavailable`."""
        return self._asked(lambda: self._aead.encrypt(keyset, _NOTHING))

    def open(self, sealed: bytes) -> bytes:
        """Raises `ServiceUnavailable`: Tink does not tell a service that refuses from one that is
        away, and for both the right thing is to wait."""
        return self._asked(lambda: self._aead.decrypt(sealed, _NOTHING))

    def _asked(self, ask: Callable[[], bytes]) -> bytes:
        try:
            return ask()
        except Exception:  # the services' libraries raise what they like, with addresses in it
            raise ServiceUnavailable(
                "the key service did not answer, or refused: can it be reached, and may this "
                "process use the key that DECKNAME_KMS_URI names?"
            ) from None


def _opened(uri: str) -> aead.Aead:
    scheme = urlsplit(uri).scheme
    try:
        return _CLIENTS.get(scheme, _registered)(uri)
    except ImportError:
        raise ConfigurationError(
            f"DECKNAME_KMS_URI: the client is not installed: pip install '{_EXTRAS[scheme]}'"
        ) from None
    except Exception as error:
        raise ConfigurationError(
            f"DECKNAME_KMS_URI names no key that a client here can use ({type(error).__name__}): "
            "aws-kms://…, gcp-kms://… or hcvault://…"
        ) from None


def _registered(uri: str) -> aead.Aead:
    return tink.kms_client_from_uri(uri).get_aead(uri)


def _aws(uri: str) -> aead.Aead:
    from tink.integration import awskms

    return awskms.AwsKmsClient(uri, None).get_aead(uri)


def _gcp(uri: str) -> aead.Aead:
    from tink.integration import gcpkms

    return gcpkms.GcpKmsClient(uri, None).get_aead(uri)


def _vault(uri: str) -> aead.Aead:
    import hvac
    from tink.integration import hcvault

    place = urlsplit(uri)
    return hcvault.new_aead(place.path, hvac.Client(url=f"https://{place.netloc}"))


_CLIENTS: dict[str, Callable[[str], Any]] = {"aws-kms": _aws, "gcp-kms": _gcp, "hcvault": _vault}
_EXTRAS = {"aws-kms": "tink[awskms]", "gcp-kms": "tink[gcpkms]", "hcvault": "tink[hcvault]"}
