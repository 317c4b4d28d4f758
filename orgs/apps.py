from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "orgs"
    verbose_name = "People and organizations"

    def ready(self) -> None:
        from orgs import receivers  # noqa: F401  connects what happens when a person signs in or out
