from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        from orgs.adapter import PAGES_AFTER_SIGN_OUT
        from orgs.conditions import CONNECTION_ENABLED, SSO_WORKS
        from sso import checks  # noqa: F401  registers the start-up self-check
        from sso.selectors.conditions import grant_has_enabled_connection, organization_has_working_connection
        from sso.views.after_sign_out import page_after_sign_out

        PAGES_AFTER_SIGN_OUT.append(page_after_sign_out)
        CONNECTION_ENABLED.append(grant_has_enabled_connection)
        SSO_WORKS.append(organization_has_working_connection)
