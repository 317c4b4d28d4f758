"""An Entra ID look-alike for development, demonstrations and tests. Never for production.

It imports nothing of Amplisso's and writes and signs its own XML, so that both ends of a
sign-in can't share one misunderstanding.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from simulator.apps import App
from simulator.refusals import Refusal
from simulator.saml.keys import SigningKey
from simulator.saml.requests import SamlRequest
from simulator.tenant import Tenant
from simulator.users import User

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["App", "Refusal", "SamlRequest", "SigningKey", "Tenant", "User", "create_app"]


def create_app(source: "Tenant | Path | str") -> "Flask":
    """Return the simulator's pages over a directory in memory, or over a state folder on disk."""
    # Flask is a development requirement: importing this package must work without it.
    from simulator.pages import build

    return build(source)
