"""Pages and endpoints: read the request, ask selectors, call one service, render or redirect.

The ACS and what providers call is in protocol; settings pages and logs have modules of their own.
Nothing here reads or writes the database itself, or decides who may see a page (`orgs.access`).
"""
