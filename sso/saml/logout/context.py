"""One logout message under examination: what a logout message and a response have in common, and what they don't."""

from datetime import datetime
from functools import cached_property

from lxml import etree

from sso.saml.response.context import ResponseContext
from sso.saml.types import IdentityProvider, PendingRequest, ServiceProvider
from sso.saml.xml.names import SAML


class LogoutContext(ResponseContext):
    """One logout message under examination; of a signed one only what is signed is read."""

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
        """There is none: the message itself is what may be signed."""
        return self.root

    @property
    def assertion(self) -> etree._Element:
        """The message, for the checks that a response and a logout message share."""
        return self.response

    @cached_property
    def who(self) -> etree._Element | None:
        """The name ID that a request is about, opened if it was encrypted. Raises UndecryptableError."""
        encrypted = self.response.find(SAML + "EncryptedID")
        return self.response.find(SAML + "NameID") if encrypted is None else self.opened(encrypted).root

    @property
    def said(self) -> str:
        """The text of that name ID, once the check for it has passed."""
        return "" if self.who is None else (self.who.text or "").strip()
