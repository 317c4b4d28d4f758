"""Services of single sign-on: connections and their versions, keys, waivers, uploads, signing in and out.

Each takes keywords only. Those that change something are one transaction each, with its audit event in it, or a part of
their caller's. How they are imported is in docs/design.md. Nothing here renders a page.
"""
