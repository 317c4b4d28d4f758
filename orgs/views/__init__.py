"""Pages of accounts, organizations, members and their logs: read the request, ask, call one service, render.

responses.py has how pages respond; session_info.py is for front ends, in JSON.
Nothing here reads or writes the database itself, or decides who may see a page (`orgs.access`).
"""
