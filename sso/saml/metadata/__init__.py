"""The metadata of identity providers: one file or a federation's, as far as it is needed for sign-ins.

read is the way in: bytes to IdpMetadata and findings, or an error that is written for the admin.
Whether it becomes a draft or active is not known here.
"""
