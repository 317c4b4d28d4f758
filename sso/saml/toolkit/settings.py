"""Every setting of python3-saml, explicitly; checked once, because the check takes long."""

from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from sso.saml.keys.certificates import SigningCertificate
from sso.saml.types import Binding, IdentityProvider, ServiceProvider


class _Settings(OneLogin_Saml2_Settings):  # type: ignore[misc]
    """Settings that have been checked already, with the names and keys of another connection."""

    def __init__(self, checked: OneLogin_Saml2_Settings, sp: dict[str, Any], idp: dict[str, Any]) -> None:
        self.__dict__ = checked.__dict__ | {"_sp": sp, "_idp": idp}


def settings_for(
    service_provider: ServiceProvider, identity_provider: IdentityProvider, *, allow_sha1: bool
) -> OneLogin_Saml2_Settings:
    """Return settings that python3-saml has checked, with this connection's names and keys, of which none is kept."""
    checked = _checked_settings(allow_sha1)
    sp = checked.get_sp_data() | {"entityId": service_provider.entity_id}
    keys = [key_pem(each) for each in identity_provider.certificates]
    idp = checked.get_idp_data() | {"entityId": identity_provider.entity_id, "x509certMulti": {"signing": keys}}
    return _Settings(checked, sp, idp)


@lru_cache(maxsize=1024)
def key_pem(certificate: SigningCertificate) -> str:
    """Return the public key of a certificate as text.

    Without the certificate, since xmlsec would copy that at each use (a tenth of the time of a verdict) and can't read
    some that a provider numbered or dated wrongly. Nothing in a certificate but its key is trusted.
    """
    return certificate.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@lru_cache(maxsize=2)
def _checked_settings(allow_sha1: bool) -> OneLogin_Saml2_Settings:  # noqa: FBT001 - a cache key
    """Check the settings once. Nothing is sent to the addresses, and `settings_for` puts keys beside `x509cert`."""
    anywhere = "https://unused.invalid/"
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "debug": False,
            "sp": {
                "entityId": anywhere,
                "assertionConsumerService": {"url": anywhere, "binding": Binding.POST.value},
            },
            "idp": {"entityId": anywhere, "singleSignOnService": {"url": anywhere}, "x509cert": "unused"},
            "security": _security(allow_sha1=allow_sha1),
        }
    )


def _security(*, allow_sha1: bool) -> dict[str, Any]:
    """Return the security settings; none demands a signed part, since signature_places accepts either."""
    return {
        "wantMessagesSigned": False,
        "wantAssertionsSigned": False,
        "wantAssertionsEncrypted": False,
        "wantNameIdEncrypted": False,
        "wantNameId": True,
        "wantAttributeStatement": False,
        "allowRepeatAttributeName": True,
        "requestedAuthnContext": False,
        "failOnAuthnContextMismatch": False,
        "rejectDeprecatedAlgorithm": not allow_sha1,
        "allowSingleLabelDomains": True,
    }
