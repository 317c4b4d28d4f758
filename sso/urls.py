"""URLs of connections and sign-ins."""

from django.urls import path, register_converter

from sso.models import Waiver
from sso.views import earlier_sessions, log, protocol, relinking, repeats, sign_in, sign_out, switch
from sso.views.connection import keys, provider_choice, settings, waivers


class ReferenceConverter:
    """The code of a sign-in, such as 7KQ4-M2XD-P9TR."""

    regex = "[2-9A-HJ-NP-Za-hj-np-z]{4}(?:-[2-9A-HJ-NP-Za-hj-np-z]{4}){2}"

    def to_python(self, value: str) -> str:
        """Return the code in capitals, as it is stored."""
        return value.upper()

    def to_url(self, value: str) -> str:
        """Return the code as it is."""
        return value


class WaiverConverter:
    """A waiver, such as expired-certificates."""

    regex = "[a-z0-9-]+"

    def to_python(self, value: str) -> Waiver:
        """Return a waiver by its name; raises ValueError for an unknown name, so that there is no such address."""
        return Waiver(value.replace("-", "_"))

    def to_url(self, value: str) -> str:
        """Return the name as addresses write it."""
        return value.replace("_", "-")


register_converter(ReferenceConverter, "reference")
register_converter(WaiverConverter, "waiver")

urlpatterns = [
    # Given to identity providers; these never change (invariant 3). The ACS answers with and without a slash.
    path("saml/2/metadata/<int:number>", protocol.saml_metadata, name="saml_metadata"),
    path("saml/2/acs/<int:number>", protocol.acs, name="saml_acs"),
    path("saml/2/acs/<int:number>/", protocol.acs),
    path("saml/2/slo/<int:number>", sign_out.slo, name="saml_slo"),
    path("saml/2/slo/<int:number>/", sign_out.slo),
    path("sso/<int:number>/sign-out", sign_out.sign_out_at_provider, name="sign_out_at_provider"),
    path("sso/<int:number>/start", protocol.start, name="start_sign_in"),
    # Below the start page, so that the cookie with the browser's nonce comes along.
    path("sso/<int:number>/start/repeated/<reference:reference>", repeats.repeated_response, name="repeated_response"),
    path("sso/<int:number>/switch", switch.switch, name="switch"),
    path("signed-out", sign_out.signed_out, name="signed_out"),
    # Pages for visitors who want to sign in.
    path("sign-in", sign_in.sign_in, name="sign_in"),
    path("sign-in/mail", sign_in.mail_sign_in_page, name="mail_sign_in_page"),
    path("sign-in/mailed", sign_in.sign_in_page_mailed, name="sign_in_page_mailed"),
    path("o/<slug:slug>/sign-in", sign_in.organization_sign_in, name="organization_sign_in"),
    path("sso/<int:number>/refused/<reference:reference>", sign_in.sign_in_refused, name="sign_in_refused"),
    path("sso/<int:number>/refused/<reference:reference>/log", sign_in.sign_in_in_log, name="sign_in_in_log"),
    # Pages for admins.
    path("o/<slug:slug>/settings/access", settings.settings_access, name="settings_access"),
    path(
        "o/<slug:slug>/settings/access/metadata/<uuid:public_id>", settings.uploaded_metadata, name="uploaded_metadata"
    ),
    path(
        "o/<slug:slug>/settings/access/providers/<uuid:public_id>",
        provider_choice.choose_provider,
        name="choose_provider",
    ),
    path("o/<slug:slug>/settings/access/keys", keys.create_key, name="create_key"),
    path("o/<slug:slug>/settings/access/keys/use", keys.promote_key, name="promote_key"),
    path("o/<slug:slug>/settings/access/keys/encryption", keys.offer_for_encryption, name="offer_for_encryption"),
    path("o/<slug:slug>/settings/access/keys/<uuid:public_id>/retire", keys.retire_key, name="retire_key"),
    path(
        "o/<slug:slug>/settings/access/keys/<uuid:public_id>/certificate.cer",
        keys.download_certificate,
        name="download_certificate",
    ),
    path("o/<slug:slug>/settings/access/waivers/<waiver:kind>", waivers.allow_waiver, name="allow_waiver"),
    path("o/<slug:slug>/settings/access/waivers/<waiver:kind>/end", waivers.end_waiver, name="end_waiver"),
    path("o/<slug:slug>/settings/access/test", settings.test_sign_in, name="test_sign_in"),
    path("o/<slug:slug>/settings/access/discard", settings.discard_draft, name="discard_draft"),
    path("o/<slug:slug>/settings/access/earlier-sessions", earlier_sessions.earlier_sessions, name="earlier_sessions"),
    path("o/<slug:slug>/settings/access/stop-requiring", settings.stop_requiring_sso, name="stop_requiring_sso"),
    path("o/<slug:slug>/settings/access/identifiers", relinking.changed_identifiers, name="changed_identifiers"),
    path("o/<slug:slug>/settings/access/identifiers/relinked", relinking.relinked_members, name="relinked_members"),
    path("o/<slug:slug>/settings/access/identifiers/relink", relinking.relink_members, name="relink_members"),
    path(
        "o/<slug:slug>/settings/access/identifiers/<uuid:public_id>/undo",
        relinking.undo_relinking,
        name="undo_relinking",
    ),
    path("o/<slug:slug>/settings/sign-ins", log.settings_sign_ins, name="settings_sign_ins"),
    path("o/<slug:slug>/settings/sign-ins/<reference:reference>", log.settings_sign_in, name="settings_sign_in"),
    path("o/<slug:slug>/settings/sign-ins/<reference:reference>/unlink", log.unlink_person, name="unlink_person"),
]
