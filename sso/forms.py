"""Forms: what visitors type to sign in, and what admins type about their identity provider."""

from __future__ import annotations

from io import BytesIO
from typing import Any, BinaryIO, Self, cast

from django import forms
from django.http import QueryDict

from orgs.text.email_addresses import normal_address
from sso import saml
from sso.connection_view import ConnectionView
from sso.crypto.key_encryption import NOT_SET, can_encrypt
from sso.models import OfferedProvider, Provider, SignInState
from sso.models.connections import JUST_IN_TIME_ROLES
from sso.redirects import safe_next_path
from sso.selectors.kept_uploads import offered_provider
from sso.services import connections
from sso.services.settings_snapshot import CHOICES, as_text, from_text, settings_snapshot

_BOTH = "Choose a file or paste the text, not both."
_AGAIN = "Choose this file again after correcting the other fields."
_GONE = "The file that you uploaded is no longer here: it was used, or an hour has passed. Upload it again."
_PASTED = "The text you pasted"
_UPLOADS = ("metadata_file", "metadata_text", "kept_upload")


class AddressForm(forms.Form):
    """The first form of every sign-in: the e-mail address. `next` is always a path of ours, or empty."""

    email = forms.CharField(
        label="E-mail address",
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "username webauthn", "autocapitalize": "none"}),
        error_messages={"required": "Enter your e-mail address."},
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        """Return the address in its one stored form."""
        return normal_address(self.cleaned_data["email"])

    def clean_next(self) -> str:
        """Return a path of ours, or nothing."""
        return safe_next_path(self.cleaned_data["next"])


class PastedXml(forms.Textarea):
    """A text area that comes back without a byte order mark, which a page would show as its code point."""

    def format_value(self, value: Any) -> str | None:
        """Return what was typed, to be typed again."""
        text: str | None = super().format_value(value)
        return text.lstrip("\ufeff") if text else text


class SettingsForm(forms.Form):
    """Access & SSO Settings. After `is_valid`, `metadata` is what was uploaded, read; None if nothing was.

    A file that is too large to be read in one go, or has several providers, is `aggregate`, and not yet read.
    """

    provider = forms.ChoiceField(
        label="Identity Provider",
        choices=Provider.choices,
        help_text="The product that your members sign in with. Its guide is on this page.",
    )
    metadata_file = forms.FileField(
        label="Upload Metadata XML",
        required=False,
        help_text="The metadata file of your identity provider. Saving it turns single sign-on on.",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xml,application/xml,text/xml,application/samlmetadata+xml"}),
    )
    metadata_text = forms.CharField(
        label="Metadata XML as text",
        required=False,
        strip=False,
        widget=PastedXml(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )
    # The settings the page was made from, so that a stale tab turns nothing back (optimistic locking).
    snapshot = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)
    # The public id of the upload that waits in the database.
    kept_upload = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)
    require_sso = forms.BooleanField(
        label="Require SSO",
        required=False,
        help_text="Members can sign in only through your identity provider, and no longer with a password.",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    sign_requests = forms.BooleanField(
        label="Sign requests",
        required=False,
        help_text="Your identity provider can then verify our requests. It needs our certificate for this.",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    force_authn = forms.BooleanField(
        label="Ask for a fresh sign-in",
        required=False,
        help_text="Your identity provider asks for the password or second factor at each sign-in, even if the "
        "user is already signed in there (ForceAuthn).",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    single_logout = forms.BooleanField(
        label="Sign out at the provider, too",
        required=False,
        help_text="Members who sign out here are also signed out at your identity provider.",
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
    )
    just_in_time_role = forms.TypedChoiceField(
        label="Just-in-time provisioning",
        required=False,
        help_text="A user who signs in through your identity provider without an invitation becomes a member with "
        "this role. Admins must be invited or promoted.",
        coerce=int,
        empty_value=None,
        choices=[("", "None: invitation required"), *((role.value, role.label) for role in JUST_IN_TIME_ROLES)],
    )

    def __init__(self, *args: Any, view: ConnectionView, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.view = view
        self.upload: bytes | None = None
        self.metadata: saml.IdpMetadata | None = None
        self.aggregate: BinaryIO | None = None
        self.kept: OfferedProvider | None = None
        stored = settings_snapshot(view)
        for name in CHOICES:
            self.fields[name].initial = stored[name]
        self.fields["snapshot"].initial = as_text(stored)
        draft, active = view.draft, view.active
        current = draft or active
        # What the metadata asks for isn't ours to turn off; a new file decides anew.
        self.fields["sign_requests"].disabled = self.always_signs = bool(current and current.wants_signed_requests)
        # What is in use decides today, and a draft soon.
        self.can_sign_out = any(each is not None and each.slo_url for each in (draft, active))
        self.fields["single_logout"].disabled = not self.can_sign_out

    @classmethod
    def with_chosen(cls, provider: OfferedProvider, view: ConnectionView) -> Self:
        """Return the form as it came with a file, now that one of its providers is chosen."""
        data = QueryDict(mutable=True)
        data.update(provider.upload.choices | {"kept_upload": str(provider.public_id)})
        return cls(data, view=view)

    @classmethod
    def refusing(cls, view: ConnectionView, sentence: str, at: str = "metadata_file") -> Self:
        """Return the stored settings with an error for an upload that was not read; `at` is the field it came in."""
        stored = settings_snapshot(view)
        data = QueryDict(mutable=True)
        data.update({name: _as_typed(stored[name]) for name in CHOICES} | {"snapshot": as_text(stored)})
        form = cls(data, view=view)
        form.add_error(at, sentence)
        return form

    def clean(self) -> dict[str, Any]:
        """Read the upload; what is wrong with it stands at its field, in the words of the reader."""
        cleaned = super().clean() or {}
        file, text = cleaned.get("metadata_file"), cleaned.get("metadata_text", "")
        if file is not None and text.strip():
            self.add_error("metadata_file", _BOTH)
        elif file is not None:
            self._take(cast(BinaryIO, file), "metadata_file")
        elif text.strip():
            self._take(BytesIO(text.encode()), "metadata_text")
        elif cleaned.get("kept_upload"):
            self._take_kept(cleaned["kept_upload"])
        if self.aggregate is not None and self.errors:
            self.add_error("metadata_file", _AGAIN)
        return cleaned

    def clean_sign_requests(self) -> bool:
        """Refuse to sign requests where private keys can't be kept."""
        wanted = bool(self.cleaned_data["sign_requests"])
        if wanted and not can_encrypt():
            raise forms.ValidationError(NOT_SET)
        return wanted

    def take_over(self) -> None:
        """Show what was stored since the page was made, except where this admin chose something else."""
        stored, snapshot = settings_snapshot(self.view), from_text(self.cleaned_data["snapshot"])
        untouched = [name for name in CHOICES if name in snapshot and self.cleaned_data[name] == snapshot[name]]
        self._set(snapshot=as_text(stored), **{name: _as_typed(stored[name]) for name in untouched})

    def point_at_error(self) -> None:
        """Let the browser go to the first control that is wrong."""
        wrong = (name for name in self.fields if name in self.errors and not self[name].is_hidden)
        for name in list(wrong)[:1]:
            self.fields[name].widget.attrs["autofocus"] = True

    def keep(self, provider: OfferedProvider) -> None:
        """Go back to the admin with an upload that waits in the database."""
        self.kept = provider
        self._set(kept_upload=str(provider.public_id), metadata_text="")

    def refuse_upload(self, sentence: str) -> None:
        """Say what is wrong with the file, at its field."""
        self.add_error("metadata_text" if self.data.get("metadata_text", "").strip() else "metadata_file", sentence)

    @property
    def choices(self) -> dict[str, str]:
        """Return what was typed besides the upload."""
        typed = {name: self.data[name] for name in self.fields if name in self.data and name not in _UPLOADS}
        # PostgreSQL stores no NUL, and none of these fields takes one.
        return {name: value.replace("\0", "") for name, value in typed.items()}

    @property
    def metadata_as_text(self) -> str:
        """Return the upload as text to store; "" if there is none."""
        return saml.metadata_text(self.upload) if self.upload else ""

    @property
    def brings_upload(self) -> bool:
        """Return whether a file or a text came with the form, which `is_valid` reads."""
        return "metadata_file" in self.files or bool(self.data.get("metadata_text", "").strip())

    @property
    def upload_name(self) -> str:
        """Return the name by which the admin knows the upload."""
        file = self.files.get("metadata_file")
        return str(file.name) if file else _PASTED

    @property
    def kept_name(self) -> str:
        """Return the name by which the admin knows the waiting upload, with the provider that was chosen in it."""
        if self.kept is None:
            return ""
        name = self.kept.upload.name
        return f"{self.kept} in {'the text you pasted' if name == _PASTED else name}" if str(self.kept) else name

    def _take(self, file: BinaryIO, field: str) -> None:
        data = file.read(saml.MAX_METADATA_BYTES + 1)
        file.seek(0)
        if len(data) > saml.MAX_METADATA_BYTES:
            self.aggregate = file
            return
        try:
            self._read(data)
        except saml.SeveralProviders:
            self.aggregate = file
        except saml.MetadataError as error:
            self._refuse(field, error)

    def _take_kept(self, public_id: str) -> None:
        self.kept = offered_provider(self.view.organization, public_id)
        if self.kept is None:
            self._refuse("metadata_file", _GONE)
            return
        try:
            self._read(self.kept.document)
        except saml.MetadataError as error:  # also SeveralProviders: an entity may hold another one in an extension
            self._refuse("metadata_file", error)

    def _read(self, data: bytes) -> None:
        self.metadata, self.upload = connections.read_upload(organization=self.view.organization, data=data), data

    def _refuse(self, field: str, reason: object) -> None:
        self._set(kept_upload="")
        self.add_error(field, str(reason))

    def _set(self, **values: str) -> None:
        """Change what the form shows again; the data of a request is read-only."""
        data = cast(QueryDict, self.data).copy()
        for name, value in values.items():
            data[name] = value
        self.data = data


class ProviderSearchForm(forms.Form):
    """A search among the providers of an upload. Anything it does not understand finds all of them."""

    search = forms.CharField(
        label="Name, domain or entity ID",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocapitalize": "none", "spellcheck": "false"}),
    )


class SignInFilterForm(forms.Form):
    """A filter of the sign-in log. Anything it does not understand shows everything."""

    state = forms.ChoiceField(label="Outcome", required=False, choices=[("", "All outcomes"), *SignInState.choices])
    search = forms.CharField(
        label="E-mail address or reference",
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "search", "autocapitalize": "none", "spellcheck": "false"}),
    )


def _as_typed(value: Any) -> str:
    """Return a stored choice as a browser sends it."""
    if isinstance(value, bool):
        return "on" if value else "false"
    return "" if value is None else str(value)
