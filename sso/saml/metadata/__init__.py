"""The metadata of identity providers: one file or a federation's, as far as it is needed for sign-ins.

The entry point is read: bytes to IdpMetadata and findings, or an error that is written for the admin.
Whether it becomes a draft or active is decided elsewhere.
"""
