"""Forms of accounts and organizations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils import timezone

from audit.events import Risk
from orgs.access import actor_of
from orgs.models import Membership, Organization, Role, User
from orgs.services import organizations
from orgs.sessions import lifetimes
from orgs.text.email_addresses import normal_address, normal_domain
from orgs.text.visible_text import validate_name

MOST_INVITATIONS = 100

_address_part = RegexValidator(
    r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", "Use small letters, digits and single hyphens, such as contoso-europe."
)


def _name_field(help_text: str = "The name your colleagues know, such as Contoso.") -> forms.CharField:
    return forms.CharField(label="Name", max_length=100, validators=[validate_name], help_text=help_text)


class SignUpForm(forms.Form):
    """The fields beyond allauth's address and password: the organization to make (AM-60)."""

    organization_name = forms.CharField(
        label="Organization",
        max_length=100,
        validators=[validate_name],
        help_text="The name your colleagues know, such as Contoso.",
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """Make the organization, on Starter, with the new user as its admin; allauth calls this."""
        organizations.create_organization(
            name=self.cleaned_data["organization_name"], admin=user, actor=actor_of(request, user)
        )


class OrganizationForm(forms.Form):
    """The name of a further organization."""

    name = _name_field()


class GeneralForm(forms.Form):
    """Name and address of an organization."""

    name = _name_field()
    slug = forms.CharField(
        label="Address",
        max_length=50,
        help_text="Part of the address of your organization's own pages: /o/contoso/",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_slug(self) -> str:
        """Check that the slug consists of small letters, digits and hyphens."""
        slug: str = self.cleaned_data["slug"].lower()
        _address_part(slug)
        return slug


_SHORTEST, _LONGEST = (lifetimes.hours(each) for each in (lifetimes.SESSION_SHORTEST, lifetimes.SESSION_LONGEST))


class SessionLengthForm(forms.Form):
    """How long users stay signed in."""

    hours = forms.IntegerField(
        label="Hours",
        min_value=_SHORTEST,
        max_value=_LONGEST,
        help_text=f"From {_SHORTEST} to {_LONGEST} ({lifetimes.in_words(lifetimes.SESSION_LONGEST)}). It applies "
        "immediately, also to open sessions.",
        error_messages={"invalid": "Enter the hours as a number, such as 12."},
    )


class DomainForm(forms.Form):
    """An e-mail domain that an organization calls its own."""

    domain = forms.CharField(
        label="Domain",
        max_length=253,
        help_text="The part after the @ in your members' addresses, such as contoso.com.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_domain(self) -> str:
        """Bring the domain into its one stored form."""
        return normal_domain(self.cleaned_data["domain"])


class InvitationForm(forms.Form):
    """Several addresses and the one role for all of them."""

    addresses = forms.CharField(
        label="E-mail addresses",
        help_text=f"One per line, or separated by commas or spaces; up to {MOST_INVITATIONS} at once.",
        widget=forms.Textarea(attrs={"rows": 5, "autocapitalize": "none", "spellcheck": "false"}),
    )
    role = forms.TypedChoiceField(label="Role", coerce=lambda value: Role(int(value)), initial=Role.VIEWER)

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = role_choices(by)  # type: ignore[attr-defined]

    def clean_addresses(self) -> list[str]:
        """Read every address; an error names each one that is none."""
        written = [part for part in re.split(r"[\s,;]+", self.cleaned_data["addresses"]) if part]
        if len(written) > MOST_INVITATIONS:
            raise ValidationError(f"These are {len(written)} addresses. Invite up to {MOST_INVITATIONS} at once.")
        addresses, wrong = _read_addresses(written)
        if wrong:
            raise ValidationError([f"“{part}” is not a valid e-mail address." for part in wrong])
        if not addresses:
            raise ValidationError("Enter at least one address.")
        return addresses


def _read_addresses(written: Iterable[str]) -> tuple[list[str], list[str]]:
    addresses, wrong = [], []
    for part in written:
        try:
            addresses.append(normal_address(part.strip("<>")))
        except ValidationError:
            wrong.append(part[:100])
    return list(dict.fromkeys(addresses)), wrong


def role_choices(by: Membership) -> list[tuple[int, str]]:
    """Return the roles that a member may give to others: only admins make admins (AM-61)."""
    return [(role.value, role.label) for role in Role if role != Role.ADMIN or by.role == Role.ADMIN]


class RoleForm(forms.Form):
    """Another role for a member. The service decides whether the user may give it."""

    role = forms.TypedChoiceField(choices=Role.choices, coerce=lambda value: Role(int(value)))


class PeopleFilterForm(forms.Form):
    """Search and filter of the list of members."""

    search = forms.CharField(required=False, max_length=254, label="Search")
    role = forms.TypedChoiceField(
        required=False, label="Role", choices=[("", "All roles"), *Role.choices], coerce=int, empty_value=None
    )


class NewPasswordForm(forms.Form):
    """A password for a new account, typed twice."""

    password1 = forms.CharField(
        label="Password",
        strip=False,
        help_text=(
            "At least 10 characters. Several words are easier to remember and harder to guess than symbols and digits."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label="Password again", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean_password1(self) -> str:
        """Check the password by the validators."""
        password: str = self.cleaned_data["password1"]
        get_adapter().clean_password(password, user=User(email=self.address))
        return password

    def clean(self) -> dict[str, Any]:
        """Check that both passwords are equal."""
        typed: dict[str, Any] = self.cleaned_data
        if "password1" in typed and "password2" in typed and typed["password1"] != typed["password2"]:
            self.add_error("password2", "The two passwords differ. Enter the same one twice.")
        return typed


class RecoveryCodeForm(forms.Form):
    """The code from the mail."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text=f"Six digits. It works once, for {lifetimes.in_words(lifetimes.RECOVERY_CODE)}.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_code(self) -> str:
        """Remove spaces and hyphens, which users copy along."""
        return re.sub(r"[\s-]", "", self.cleaned_data["code"])


class AuditFilterForm(forms.Form):
    """Filters of the audit log."""

    PERIODS = (("7", "Last 7 days"), ("30", "Last 30 days"), ("90", "Last 90 days"), ("", "All time"))

    risk = forms.ChoiceField(required=False, label="Risk", choices=[("", "All risks"), *Risk.choices])
    period = forms.ChoiceField(required=False, label="Period", choices=PERIODS)
    search = forms.CharField(required=False, max_length=254, label="Search")

    def since(self) -> datetime | None:
        """Return when the chosen period began; None for all time."""
        days = self.cleaned_data.get("period")
        return timezone.now() - timedelta(days=int(days)) if days else None


def initial_of(organization: Organization) -> dict[str, str]:
    """Return the initial values of the General form."""
    return {"name": organization.name, "slug": organization.slug}
