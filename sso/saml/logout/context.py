"""The context of one logout message: what it has in common with a response, and what differs."""

from datetime import datetime
from functools import cached_property

from lxml import etree

from sso.saml.response.context import ResponseContext
from sso.saml.types import IdentityProvider, PendingRequest, ServiceProvider
from sso.saml.xml.names import SAML


class LogoutContext(ResponseContext):
    """One logout message under examination; of a signed one, only what is signed is read."""

    def __init__(
        self, encoded: str, *, service_provider: ServiceProvider, identity_provider: IdentityProvider, now: datetime
    ) -> None:
        super().__init__(
            encoded,
            service_provider=service_provider,
            identity_provider=identity_provider,
            request=PendingRequest(""),
            now=now,
        )
        self.relay_state = ""

    @property
    def unverified_assertion(self) -> etree._Element:
        """Return the message: it has no assertion, so it is itself what may be signed."""
        return self.root

    @property
    def assertion(self) -> etree._Element:
        """Return the message itself, for the checks that a response and a logout message share."""
        return self.response

    @cached_property
    def who(self) -> etree._Element | None:
        """Return the NameID that a request is about, decrypted if need be. Raise UndecryptableError."""
        encrypted = self.response.find(SAML + "EncryptedID")
        return self.response.find(SAML + "NameID") if encrypted is None else self.opened(encrypted).root

    @property
    def said(self) -> str:
        """Return the text of that NameID, once the check for it has passed."""
        return "" if self.who is None else (self.who.text or "").strip()
