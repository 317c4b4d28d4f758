"""All SQL that is written by hand for the ACS: read.py, and the one statement of write.py.

A statement stays here as long as `make bench` shows that it is worth a tenth of the ACS request; each says what was
measured. Nothing here decides who may sign in.
"""
