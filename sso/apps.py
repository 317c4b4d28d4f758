from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        from orgs.accounts import PAGES_AFTER_SIGN_OUT
        from sso import checks  # noqa: F401  registers the start-up self-check
        from sso.after_sign_out import page_after_sign_out

        PAGES_AFTER_SIGN_OUT.append(page_after_sign_out)
