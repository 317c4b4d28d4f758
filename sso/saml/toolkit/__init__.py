"""python3-saml and xmlsec, the second verifier; the only package that imports them.

It judges a message that has passed every rule of our own, and can only refuse more.
Nothing is read from what it parsed.
"""
