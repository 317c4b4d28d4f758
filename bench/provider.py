"""One identity provider, Entra-shaped, and its responses: equal material for every case."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import simulator
from sso import saml

HOST = "amplisso.example"
NUMBER = 10001
ENTITY_ID = f"https://{HOST}/saml/2/metadata/{NUMBER}"
ACS_PATH = f"/saml/2/acs/{NUMBER}"
ACS = f"https://{HOST}{ACS_PATH}"
SSO_URL = "https://login.example.test/saml2"
_ALIAS = "ada"


@dataclass
class Material:
    """A directory of the simulator with one application that signs assertions with RSA 2048 and SHA-256."""

    tenant: simulator.Tenant
    app: simulator.App

    @classmethod
    def create(cls) -> Material:
        """Return the material with new keys."""
        tenant = simulator.Tenant.create("https://login.example.test")
        return cls(tenant, tenant.register("Amplisso", ENTITY_ID, ACS, name_id_source="user.mail"))

    def response(self, request_id: str, number: int = NUMBER) -> str:
        """Return a signed response to one request of an organization, base64, about 5 KB before that."""
        if number == NUMBER:
            return self.tenant.respond(self.app, _ALIAS, in_response_to=request_id)
        acs = f"https://{HOST}/saml/2/acs/{number}"
        return self.tenant.respond(
            self.app,
            _ALIAS,
            in_response_to=request_id,
            audience=f"https://{HOST}/saml/2/metadata/{number}",
            recipient=acs,
            destination=acs,
        )

    @property
    def address(self) -> str:
        """Return the e-mail address of the user of these responses."""
        return self.tenant.users[_ALIAS].mail

    @property
    def names(self) -> dict[str, str]:
        """Return the names that the provider asserts; a returning user has them already."""
        user = self.tenant.users[_ALIAS]
        return {
            "given_name": user.given_name,
            "family_name": user.surname,
            "display_name": user.display_name,
        }

    @property
    def subject(self) -> str:
        """Return the object identifier of that user."""
        return self.tenant.users[_ALIAS].object_id

    @cached_property
    def certificate(self) -> saml.SigningCertificate:
        """Return the certificate that signs."""
        return saml.SigningCertificate.from_der(base64.b64decode(self.app.signing_key().certificate_base64))

    @property
    def identity_provider(self) -> saml.IdentityProvider:
        """Return the provider as a connection knows it; a new object each time, as every request makes one."""
        return saml.IdentityProvider(self.tenant.issuer, (self.certificate,), SSO_URL)

    @property
    def metadata(self) -> bytes:
        """Return the application's federation metadata."""
        return self.tenant.metadata(self.app)

    def stock_settings(self, acs: str = ACS, entity_id: str = ENTITY_ID) -> dict[str, Any]:
        """Return the settings of python3-saml, as its documentation has them, with its stricter switches on."""
        return {
            "strict": True,
            "sp": {"entityId": entity_id, "assertionConsumerService": {"url": acs}},
            "idp": {
                "entityId": self.tenant.issuer,
                "singleSignOnService": {"url": SSO_URL},
                "x509cert": self.app.signing_key().certificate_base64,
            },
            "security": {"wantAssertionsSigned": True, "rejectDeprecatedAlgorithm": True},
        }

    @staticmethod
    def stock_keys(pair: saml.KeyPair) -> dict[str, str]:
        """Return our own key in the form that python3-saml takes."""
        return {
            "x509cert": base64.b64encode(pair.certificate.der).decode(),
            "privateKey": base64.b64encode(pair.private_der).decode(),
        }
