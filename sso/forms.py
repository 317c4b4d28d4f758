"""What people type to sign in, and what admins type about their identity provider."""

from __future__ import annotations

import base64
import binascii
from typing import Any, cast

from django import forms
from django.http import QueryDict

from orgs.email_addresses import normal_address
from orgs.models import Organization
from sso import saml
from sso.key_encryption import NOT_SET, can_encrypt
from sso.models import Provider, SignInState
from sso.models.connections import JUST_IN_TIME_ROLES
from sso.next_paths import safe_next_path
from sso.selectors import active_configuration, draft_configuration
from sso.services import read_upload
from sso.stored_settings import CHOICES, as_text, from_text, stored_settings

_BOTH = "Choose a file or paste the text, not both."


class AddressForm(forms.Form):
    """The first question of every sign-in: who are you? `next` is always a path of ours, or empty."""

    email = forms.CharField(
        label="E-mail address",
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "username webauthn", "autocapitalize": "none"}),
        error_messages={"required": "Type your e-mail address."},
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        """The address in its one stored form."""
        return normal_address(self.cleaned_data["email"])

    def clean_next(self) -> str:
        """A path of ours, or nothing."""
        return safe_next_path(self.cleaned_data["next"])


class SettingsForm(forms.Form):
    """Access & SSO Settings. After `is_valid`, `metadata` is what was uploaded, read; None if nothing was."""

    provider = forms.ChoiceField(
        label="Identity Provider",
        choices=Provider.choices,
        help_text="The product that your people sign in with. Its guide is on this page.",
    )
    metadata_file = forms.FileField(
        label="Upload Metadata XML",
        required=False,
        help_text="The file that your identity provider gives you. It holds everything that is needed; saving it turns "
        "single sign-on on.",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xml,application/xml,text/xml,application/samlmetadata+xml"}),
    )
    metadata_text = forms.CharField(
        label="Metadata XML as text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )
    # What the page was made from, so that a stale tab turns nothing back.
    seen = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)
    kept_upload = forms.CharField(required=False, widget=forms.HiddenInput)
    kept_name = forms.CharField(required=False, widget=forms.HiddenInput)
    entity_id = forms.ChoiceField(label="Your identity provider in this file", required=False, widget=forms.RadioSelect)
    require_sso = forms.BooleanField(
        label="Require SSO",
        required=False,
        help_text="Members come in through your identity provider only; a password no longer opens this organization.",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    sign_requests = forms.BooleanField(
        label="Sign requests",
        required=False,
        help_text="Your identity provider can then verify that requests are ours. It needs our certificate for that.",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    single_logout = forms.BooleanField(
        label="Sign out at the provider, too",
        required=False,
        help_text="Who signs out here is signed out at your identity provider as well.",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    just_in_time_role = forms.TypedChoiceField(
        label="Just-in-time provisioning",
        required=False,
        help_text="Somebody who signs in through your identity provider without an invitation becomes a member with "
        "this role. Nobody becomes an admin by themselves.",
        coerce=int,
        empty_value=None,
        choices=[("", "None: invited people only"), *((role.value, role.label) for role in JUST_IN_TIME_ROLES)],
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.upload: bytes | None = None
        self.metadata: saml.IdpMetadata | None = None
        self._offer([str(self.data.get("entity_id", ""))])
        stored = stored_settings(organization)
        for name in CHOICES:
            self.fields[name].initial = stored[name]
        self.fields["seen"].initial = as_text(stored)
        current = draft_configuration(organization) or active_configuration(organization)
        # What the metadata asks for isn't ours to turn off; a new file decides anew.
        self.fields["sign_requests"].disabled = self.always_signs = bool(current and current.wants_signed_requests)
        self.can_sign_out = bool(current and current.slo_url)
        self.fields["single_logout"].disabled = not self.can_sign_out

    def clean(self) -> dict[str, Any]:
        """Read the upload; what is wrong with it stands at its field, in the words of the reader."""
        cleaned = super().clean() or {}
        file, text = cleaned.get("metadata_file"), cleaned.get("metadata_text", "")
        if file is not None and text.strip():
            self.add_error("metadata_file", _BOTH)
        elif file is not None:
            self._read(file.read(saml.MAX_METADATA_BYTES + 1), "metadata_file")
        elif text.strip():
            self._read(text.encode(), "metadata_text")
        elif cleaned.get("kept_upload"):
            self._read(_decoded(cleaned["kept_upload"]), "metadata_file", cleaned.get("entity_id"))
        return cleaned

    def clean_sign_requests(self) -> bool:
        """Requests can only be signed where private keys can be kept."""
        wanted = bool(self.cleaned_data["sign_requests"])
        if wanted and not can_encrypt():
            raise forms.ValidationError(NOT_SET)
        return wanted

    def take_over(self) -> None:
        """Show what was stored since the page was made, except where this person chose something else themselves."""
        stored, seen = stored_settings(self.organization), from_text(self.cleaned_data["seen"])
        untouched = [name for name in CHOICES if name in seen and self.cleaned_data[name] == seen[name]]
        self._set(seen=as_text(stored), **{name: _as_typed(stored[name]) for name in untouched})

    def point_at_error(self) -> None:
        """Let the browser go to the first control that is wrong."""
        wrong = (name for name in self.fields if name in self.errors and not self[name].is_hidden)
        for name in list(wrong)[:1]:
            self.fields[name].widget.attrs["autofocus"] = True

    def keep_upload(self) -> None:
        """Carry a readable upload along on a page that goes back to the admin, so that nobody uploads it twice."""
        if self.upload is None:
            return
        self._set(
            kept_upload=base64.b64encode(self.upload).decode(),
            kept_name=self._upload_name(),
            metadata_text="",
        )

    @property
    def metadata_as_text(self) -> str:
        """The upload as text to store; "" if there is none."""
        return saml.metadata_text(self.upload) if self.upload else ""

    @property
    def offers_choice(self) -> bool:
        """Whether the upload holds several providers and the admin has to say which."""
        return bool(self.fields["entity_id"].choices)  # type: ignore[attr-defined]

    def _read(self, data: bytes, field: str, entity_id: str | None = None) -> None:
        self.upload = data
        try:
            self.metadata = read_upload(organization=self.organization, data=data, entity_id=entity_id or None)
        except saml.SeveralProviders as several:
            self._offer(list(several.entity_ids))
            self.add_error("entity_id", str(several))
        except saml.MetadataError as error:
            self.upload = None
            self._offer([])
            self._set(kept_upload="", kept_name="", entity_id="")
            self.add_error(field, str(error))

    def _offer(self, entity_ids: list[str]) -> None:
        choices = [(entity_id, entity_id) for entity_id in entity_ids if entity_id]
        self.fields["entity_id"].choices = choices  # type: ignore[attr-defined]

    def _set(self, **values: str) -> None:
        """Change what the form shows again; the data of a request is read-only."""
        data = cast(QueryDict, self.data).copy()
        for name, value in values.items():
            data[name] = value
        self.data = data

    def _upload_name(self) -> str:
        file = self.files.get("metadata_file")
        return str((file and file.name) or self.data.get("kept_name") or "the text you pasted")


class SignInFilterForm(forms.Form):
    """What of the sign-in log to show. Anything it does not understand shows everything."""

    state = forms.ChoiceField(label="Outcome", required=False, choices=[("", "All outcomes"), *SignInState.choices])
    search = forms.CharField(
        label="E-mail address or reference",
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "search", "autocapitalize": "none", "spellcheck": "false"}),
    )


def _as_typed(value: Any) -> str:
    """A stored choice as a browser sends it."""
    if isinstance(value, bool):
        return "on" if value else "false"
    return "" if value is None else str(value)


def _decoded(kept: str) -> bytes:
    try:
        return base64.b64decode(kept, validate=True)
    except binascii.Error:
        return b""
