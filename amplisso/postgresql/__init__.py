"""Django's PostgreSQL, with one question less."""
