"""SQL written by hand for what each sign-in reads.

Django's own queries cost a tenth of the request or more there (docs/performance.md). The statement that writes a
sign-in is in `sso.services.sign_in.persist`. Nothing here writes, or decides who may sign in.
"""
