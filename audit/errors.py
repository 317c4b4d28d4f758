"""Errors of code that treats the audit log wrongly: only a developer can act."""


class NotInTransactionError(RuntimeError):
    """An event was recorded outside the transaction of the change it describes."""


class AppendOnlyError(Exception):
    """An event that was written down was about to be changed or deleted."""
