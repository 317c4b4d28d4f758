"""Services that change who has access. Each is one transaction, takes keywords only and writes its audit event.

How they are imported is in docs/design.md. Nothing here renders a page, or decides who may call it (`orgs.access`).
"""
