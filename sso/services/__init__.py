"""Services of single sign-on: connections and their versions, keys, waivers, uploads, signing in and out.

Each is one transaction, takes keywords only and writes its audit event. Callers import the module:
`from sso.services import connections`. Nothing here renders a page, and nothing is passed on from this file.
"""
