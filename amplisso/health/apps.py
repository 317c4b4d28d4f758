from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Info, register


class HealthConfig(AppConfig):
    name = "amplisso.health"

    def ready(self) -> None:
        register(check_health, "health", deploy=True)


def check_health(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Show in `manage.py check --deploy` what /readyz would say."""
    from amplisso.health.checks import run_checks

    health = run_checks()
    errors = [Error(problem, id=f"health.{name}") for name, problem in health.required if problem]
    return [*errors, *(Info(problem, id=f"health.{name}") for name, problem in health.watched if problem)]
