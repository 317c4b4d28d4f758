"""Addresses of connections and sign-ins."""

from django.urls import path

from sso.views import protocol

urlpatterns = [
    # Given to identity providers; these never change (invariant 3). The ACS answers with and without a slash.
    path("saml/2/metadata/<int:number>", protocol.saml_metadata, name="saml_metadata"),
    path("saml/2/acs/<int:number>", protocol.acs, name="saml_acs"),
    path("saml/2/acs/<int:number>/", protocol.acs),
    path("sso/<int:number>/start", protocol.start, name="start_sign_in"),
]
