"""The variables of a deployment: read names and reads them, rules says which values are accepted.

All faults are reported together, before anything is served.
Settings of Django are made in `amplisso.settings`, not here.
"""
