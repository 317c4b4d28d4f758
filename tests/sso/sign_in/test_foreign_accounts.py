"""What an organization's single sign-on leaves alone in an account that existed before (invariant 1)."""

from __future__ import annotations

from orgs.models import User
from tests.conftest import PASSWORD, new_browser
from tests.orgs.conftest import link_in


def test_the_link_of_a_password_mail_still_works_after_somebody_elses_single_sign_on(journey, make_user, mailoutbox):
    ada = make_user("ada@contoso.example")
    new_browser().post("/account/password/reset/", {"email": ada.email})
    link = link_in(str(mailoutbox.pop().body))
    assert journey.sign_in("ada").status_code == 303
    assert opens_a_form(link)


def test_a_sign_in_with_the_password_voids_it(make_user, mailoutbox):
    ada, browser = make_user("ada@contoso.example"), new_browser()
    browser.post("/account/password/reset/", {"email": ada.email})
    link = link_in(str(mailoutbox.pop().body))
    browser.post("/account/login/", {"login": ada.email, "password": PASSWORD})
    assert User.objects.get(pk=ada.pk).last_login is not None
    assert not opens_a_form(link)


def opens_a_form(link: str) -> bool:
    """Whether a password can be set with this link; it leads on to an address without the secret."""
    return new_browser().get(link).status_code == 302
