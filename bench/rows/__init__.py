"""Rows in great numbers, made inside the database."""
