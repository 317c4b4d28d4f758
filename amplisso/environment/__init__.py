"""The variables of a deployment: read names and reads them, rules says which values are accepted.

What is wrong is told at once and together, before anything is served.
Settings of Django are made in `amplisso.settings`, not here.
"""
