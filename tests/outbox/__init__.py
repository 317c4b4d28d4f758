"""Messages: rows first, sent by the worker."""
