"""Pages of accounts, organizations, members and their logs: read the request, ask, call one service, render.

responses says how pages respond, health what front ends get.
Nothing here reads or writes the database itself, or decides who may see a page (`orgs.access`).
"""
