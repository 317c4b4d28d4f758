"""What people type about themselves and their organizations."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest

from orgs.access import actor_of
from orgs.models import User
from orgs.services import create_organization


class SignUpForm(forms.Form):
    """What we ask beyond allauth's address and password: the organization to make (AM-60)."""

    organization_name = forms.CharField(
        label="Organization", max_length=100, help_text="The name your colleagues know, such as Contoso."
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """Make the organization, on Starter, with the new user as its admin; allauth calls this."""
        create_organization(name=self.cleaned_data["organization_name"], admin=user, actor=actor_of(request))
