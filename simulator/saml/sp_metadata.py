"""Reading a service provider's metadata file, for the portal's 'Upload metadata file'."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from simulator.reading import parse
from simulator.saml.metadata import MD, POST, REDIRECT


@dataclass(frozen=True)
class ServiceProvider:
    """The values that the portal takes from the file."""

    entity_id: str
    acs_url: str
    logout_url: str = ""


EXPECTED: Final = "The file has no entityID, or no AssertionConsumerService with HTTP-POST."


def read_sp_metadata(data: bytes) -> ServiceProvider:
    """Return entity ID and default ACS URL of the file. Raises ValueError with a sentence to show."""
    try:
        root = parse(data)
    except ValueError as error:
        raise ValueError(f"This file can't be used: {error}.") from error
    services = root.findall(f"{{{MD}}}SPSSODescriptor/{{{MD}}}AssertionConsumerService")
    posting = [service for service in services if service.get("Binding") == POST]
    entity_id = root.get("entityID", "")
    if not entity_id or not posting:
        raise ValueError(EXPECTED)
    return ServiceProvider(entity_id, _default(posting).get("Location", ""), _logout_url(root))


def _logout_url(root: etree._Element) -> str:
    """Return the address for Redirect, the only binding by which Entra signs out."""
    services = root.findall(f"{{{MD}}}SPSSODescriptor/{{{MD}}}SingleLogoutService")
    return next((each.get("Location", "") for each in services if each.get("Binding") == REDIRECT), "")


def _default(services: list[etree._Element]) -> etree._Element:
    marked = [service for service in services if service.get("isDefault") in {"true", "1"}]
    return (marked or services)[0]
