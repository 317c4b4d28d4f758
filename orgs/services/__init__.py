"""Services that change who may enter. Each is one transaction, takes keywords only and writes its audit event.

Callers import the module: `from orgs.services import members`. Nothing here renders a page, knows of a connection
or decides who may call it (`orgs.access`), and nothing is passed on from this file.
"""
