"""Refusals with Entra's AADSTS numbers, worded by ourselves."""


class Refusal(Exception):  # a response, not a fault
    """A refusal by Entra: `code` is the AADSTS number, `text` says why."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"AADSTS{code}: {text}")
        self.code = code
        self.text = text
