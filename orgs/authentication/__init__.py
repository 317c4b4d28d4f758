"""Passkeys, second factors and known browsers, which accompany passwords.

What allauth is told about them stands here; its adapter is `orgs.adapter`.
Single sign-on is not known here.
"""
