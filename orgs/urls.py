"""Addresses of the pages of users, organizations and accounts."""

from django.urls import URLPattern, URLResolver, include, path

from orgs.views import (
    accept_invitation,
    allauth_pages,
    audit_log,
    general,
    home,
    invitations,
    members,
    other_sessions,
    recovery,
    session_info,
)

organization_pages = [
    path("", home.organization_home, name="organization_home"),
    path("recovery", recovery.recover, name="recovery"),
    path("settings", general.settings, name="settings"),
    path("settings/general", general.general, name="settings_general"),
    path("settings/general/session-length", general.session_length, name="session_length"),
    path("settings/general/sign-everyone-out", general.sign_everyone_out, name="sign_everyone_out"),
    path("settings/general/domains", general.add_domain, name="add_domain"),
    path("settings/general/domains/<str:domain>/remove", general.remove_domain, name="remove_domain"),
    path("settings/members", members.list_members, name="settings_members"),
    path("settings/members/invite", invitations.invite, name="invite"),
    path("settings/members/<uuid:public_id>", members.member_change, name="member_change"),
    path("settings/invitations/<uuid:public_id>", invitations.invitation_change, name="invitation_change"),
    path("settings/audit", audit_log.audit_log, name="settings_audit"),
    path("settings/audit.csv", audit_log.audit_csv, name="settings_audit_csv"),
]

account_pages: list[URLPattern | URLResolver] = [
    # These stand before allauth's own, which they replace.
    path("email/", allauth_pages.email_address, name="account_email"),
    path("login/", allauth_pages.password_sign_in, name="account_login"),
    path("signup/", allauth_pages.sign_up, name="account_signup"),
    path("password/reset/", allauth_pages.ask_for_reset, name="account_reset_password"),
    path("confirm-email/<str:key>/", allauth_pages.confirm_address, name="account_confirm_email"),
    path("password/change/", other_sessions.change_password, name="account_change_password"),
    path("2fa/totp/activate/", other_sessions.set_up_app, name="mfa_activate_totp"),
    path("2fa/webauthn/add/", other_sessions.add_passkey, name="mfa_add_webauthn"),
    path("2fa/other-sessions/", other_sessions.other_sessions, name="end_other_sessions"),
    path("sessions/", other_sessions.sessions, name="usersessions_list"),
    path("2fa/authenticate/", allauth_pages.second_factor, name="mfa_authenticate"),
    path("2fa/webauthn/login/", allauth_pages.passkey_sign_in, name="mfa_login_webauthn"),
    path("", include("allauth.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("session", session_info.session, name="session"),
    path("organizations/new", home.new_organization, name="new_organization"),
    path("memberships/<uuid:public_id>/accept", home.accept_membership, name="accept_membership"),
    path("invitations/<str:token>", accept_invitation.invitation, name="invitation"),
    path("o/<slug:slug>/", include(organization_pages)),
    path("account/", include(account_pages)),
]
