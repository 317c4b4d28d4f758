"""Organizations that are connected to the simulator, as for the tests of sign-ins."""

from tests.sso.conftest import connect, journey, tenant

__all__ = ["connect", "journey", "tenant"]
