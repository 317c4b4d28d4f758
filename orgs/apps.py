from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "orgs"
    verbose_name = "Users and organizations"

    def ready(self) -> None:
        from django.core.validators import validate_email

        from orgs import receivers  # noqa: F401  connects what happens when a person signs in or out
        from orgs.services.mailed import making  # noqa: F401  how mails with codes and links are made

        # Every form of allauth shows this label; the rest of the page says e-mail.
        validate_email.message = "Enter a valid e-mail address."
