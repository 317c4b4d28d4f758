"""A check that this installation can verify signatures at all, once at start-up instead of at a user's sign-in."""

from base64 import b64encode
from datetime import UTC, datetime
from importlib.metadata import version
from ssl import DER_cert_to_PEM_cert

from lxml import etree

from sso.saml.errors import ToolkitError
from sso.saml.keys.key_pairs import make_key_pair
from sso.saml.request.authn_request import new_request_id
from sso.saml.types import IdentityProvider, PendingRequest
from sso.saml.verdict import CheckName

# pyproject.toml pins this version.
PINNED = "1.16.0"

_WHAT_TO_DO = (
    "xmlsec and lxml don't work together here, so no response can be verified: install both again, "
    "in the versions that requirements/base.txt pins."
)
_NOTICED_BY_US = (CheckName.SIGNATURE, CheckName.SIGNED_CONTENT)


def self_check() -> None:
    """Sign a sample with a new key and verify it. Raise `ToolkitError` with one sentence that says what to do.

    xmlsec is imported in here: next to an lxml with another libxml2 its import already fails.
    """
    _check_version()
    try:
        works = _verifiers_work()
    except Exception as error:  # an ImportError, or an error of the module that could not be imported
        raise ToolkitError(_WHAT_TO_DO) from error
    if not works:
        raise ToolkitError(_WHAT_TO_DO)


def _check_version() -> None:
    """Check python3-saml's version, since toolkit/adapted_modules.py adapts functions of one version."""
    installed = version("python3-saml")
    if installed != PINNED:
        raise ToolkitError(
            f"python3-saml {installed} is installed, but this version of Amplisso works with {PINNED} only: "
            "install the versions that requirements/base.txt pins."
        )


def _verifiers_work() -> bool:
    """Return whether each verifier accepts a sample, and refuses it with another digest or signature value."""
    from sso.saml.response.validate import validate_response
    from sso.saml.toolkit import self_check_sample as sample

    now, request = datetime.now(UTC), PendingRequest(new_request_id())
    pair = make_key_pair("Amplisso self-check", now=now)
    provider = sample.identity_provider(pair)

    def ours(document: etree._Element) -> CheckName | None:
        verdict = validate_response(
            _encoded(document),
            service_provider=sample.SERVICE_PROVIDER,
            identity_provider=provider,
            request=request,
            now=now,
        )
        return verdict.failure and verdict.failure.name

    def theirs(document: etree._Element) -> str:
        adapted, original = _complaints(_encoded(document), provider, request.id, now)
        return adapted if adapted == original else "the private copy of python3-saml differs from the original"

    genuine = sample.signed_sample(pair, request.id, now)
    forged = [sample.changed(sample.signed_sample(pair, request.id, now), name) for name in sample.SIGNED_VALUES]
    return (
        ours(genuine) is None
        and theirs(genuine) == ""
        and all(ours(each) in _NOTICED_BY_US and "Signature validation failed" in theirs(each) for each in forged)
    )


def _complaints(encoded: str, provider: IdentityProvider, request_id: str, now: datetime) -> tuple[str, str]:
    """Return the complaints of our private copy of python3-saml and of the public original."""
    from onelogin.saml2.response import OneLogin_Saml2_Response

    from sso.saml.toolkit import second_verifier
    from sso.saml.toolkit.self_check_sample import SERVICE_PROVIDER
    from sso.saml.toolkit.settings import settings_for

    adapted = second_verifier.complaint(
        encoded,
        service_provider=SERVICE_PROVIDER,
        identity_provider=provider,
        request_id=request_id,
        now=now,
        allow_sha1=False,
    )
    settings = settings_for(SERVICE_PROVIDER, provider, allow_sha1=False)
    # The original takes certificates only.
    settings.get_idp_data()["x509certMulti"] = {"signing": [DER_cert_to_PEM_cert(provider.certificates[0].der)]}
    original = OneLogin_Saml2_Response(settings, encoded)
    is_valid = original.is_valid(second_verifier.request_data(SERVICE_PROVIDER.acs_url), request_id)
    return adapted, "" if is_valid else str(original.get_error())


def _encoded(document: etree._Element) -> str:
    return b64encode(etree.tostring(document)).decode()
