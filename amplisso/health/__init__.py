"""Whether this process can serve: /healthz, /readyz and `manage.py check --deploy`.

Each check is one short function in `checks`; a check that another app needs is added to the lists there.
"""
