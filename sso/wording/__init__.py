"""The sentences that pages, logs and the command line say about checks, claims, clocks, differences and waivers.

Text is made from what was found and from this connection's provider, never from the kind of thing alone.
Nothing here writes, decides who may sign in, or renders a page.
"""
