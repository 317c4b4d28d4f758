"""From bytes to elements that may be read: size, markup, parsing, signatures, decryption, and threads that end.

Every limit holds before a parser sees the bytes; what a signature covers is parsed again from those bytes.
There are no rules about responses, metadata or logout here.
"""
