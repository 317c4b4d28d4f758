"""Passwords' companions: passkeys, second factors and browsers that are known.

What allauth is told about them stands here; its adapter is `orgs.adapter`.
Single sign-on is not known here.
"""
