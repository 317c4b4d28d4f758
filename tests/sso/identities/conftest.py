"""An organization whose provider sends what each test writes."""

from __future__ import annotations

from tests.attacks.conftest import another, frozen, siege

__all__ = ["another", "frozen", "siege"]
