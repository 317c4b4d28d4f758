"""From bytes to elements that may be read: size, markup, parsing, signatures, decryption, and threads that end.

Every limit holds before a parser sees the bytes; what a signature covers is parsed again from those bytes.
What a message means is not known here: no rule about a response, metadata or logout.
"""
