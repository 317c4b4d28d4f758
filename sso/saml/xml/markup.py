"""Names and values in a message, counted in its bytes before a parser sees it.

libxml2 keeps every name, namespace and run of blanks that it meets for as long as its thread runs, and stops working
when there are too many; so a message must not bring much that is new.
"""

import re
from collections import Counter

# Bytes; the longest name of the standards has 32.
MAX_NAME = 100

# A tag that is complete, without the text behind it, where nothing is a name; else everything up to the next tag.
_TAG = re.compile(
    rb"""<(?:/?[^\s<>/=!?"'&]++(?:\s++[^\s<>/=!?"'&]++\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'))*+\s*+/?>|[^<]*+)"""
)
_ELEMENT = re.compile(rb"</?([^\s/>!?]{1,%d})" % (MAX_NAME + 1))
_ATTRIBUTE = re.compile(rb"=\s*[\"']")
_ENTITY = re.compile(rb"&([^\s#;<&][^\s;<&]{0,%d})" % MAX_NAME)
_KNOWN_ENTITIES = {b"amp", b"lt", b"gt", b"quot", b"apos"}
_BLANKS = re.compile(rb">([ \t\r\n]{1,60})<")
_CLAIM = re.compile(
    rb"""<(?:[\w.-]+:)?Attribute(?:Value(?=[\s/>])|\s[^<>]*?\bName\s*=\s*(?:"([^"<]{0,500})"|'([^'<]{0,500})'))"""
)


def count_attributes(data: bytes) -> int:
    """Return how many attributes and namespace declarations a message has at most."""
    return sum(1 for _ in _ATTRIBUTE.finditer(data))


def names_in(data: bytes) -> tuple[set[bytes], set[bytes]]:
    """Return what may be the name of an element, attribute or entity, and what else a parser keeps.

    The second set has the namespaces and the runs of blanks. Of a name that is too long only so much is returned as
    shows that.
    """
    names, others = set(_ENTITY.findall(data)) - _KNOWN_ENTITIES, set(_BLANKS.findall(data))
    for tag in set(_TAG.findall(data)):
        names.update(_ELEMENT.findall(tag))
        for equals in _ATTRIBUTE.finditer(tag):
            name = _word_before(equals.start(), tag)
            names.add(name)
            if name.startswith(b"xmlns"):
                begin = equals.end()
                others.add(tag[begin : tag.find(tag[begin - 1 : begin], begin)])
    return names, others


def largest_claim(data: bytes) -> str:
    """Return which claim has the most values, for a message that is too large: "the claim groups has 5,000 values".

    Return "" if no claim has at least a hundred. Nothing of it is verified.
    """
    counts: Counter[bytes] = Counter()
    name = b""
    for found in _CLAIM.finditer(data):
        if found[1] is None and found[2] is None:
            counts[name] += 1
        else:
            name = found[1] or found[2] or b""
    ((name, most),) = counts.most_common(1) or [(b"", 0)]
    return f"the claim {name.decode('utf-8', 'replace')} has {most:,} values" if most >= _MANY else ""


_MANY = 100


def _word_before(at: int, data: bytes) -> bytes:
    """Return the word before a position, cut where it is too long; a long run of blanks counts as a word, too."""
    around = data[max(0, at - MAX_NAME - 1) : at]
    return next(reversed(around.split()), around)
