"""The protocol as Entra ID speaks it: metadata, requests, responses, logout, and their signatures.

Written from the standard and from what Entra sends, without a line of Amplisso.
No page and no state of the portal.
"""
