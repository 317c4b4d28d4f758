"""Whole sign-ins for minutes, as browsers make them."""
