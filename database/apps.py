from django.apps import AppConfig
from psycopg2.extensions import set_wait_callback


class DatabaseConfig(AppConfig):
    name = "database"

    def ready(self) -> None:
        from database.waiting import wait

        set_wait_callback(wait)
