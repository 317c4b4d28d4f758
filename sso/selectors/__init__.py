"""Selectors: reading connections and configurations, keys, sign-ins, identities, uploads; one module for each.

A selector returns models or frozen values and never writes; what every sign-in reads is in `sso.acs_sql`.
Who may see a result is decided by `orgs.access`, not here.
"""
