"""All groups of attacks by name."""

from __future__ import annotations

from typing import Any

from tests.attacks.messages import encryption, forged_signatures, hostile_xml, wrapping, wrong_words
from tests.attacks.messages.target import Group, on_base

GROUPS: dict[str, Group] = {
    "wrapping": wrapping.WRAPPING,
    "signature exclusion": forged_signatures.EXCLUSION,
    "algorithm": forged_signatures.ALGORITHM,
    "key": forged_signatures.KEYS,
    "transform": forged_signatures.TRANSFORMS,
    "reference": forged_signatures.REFERENCES,
    "comment": hostile_xml.COMMENTS,
    "DTD": hostile_xml.DTD,
    "encoding": hostile_xml.ENCODINGS,
    "base64": hostile_xml.BASE64_CASES,
    "resource": hostile_xml.RESOURCES,
    "ID": hostile_xml.IDS,
    "audience": wrong_words.AUDIENCE,
    "recipient": wrong_words.RECIPIENT,
    "destination": wrong_words.DESTINATION,
    "confirmation": wrong_words.CONFIRMATION,
    "time": wrong_words.TIMES,
    "conditions": wrong_words.CONDITIONS,
    "issuer": wrong_words.ISSUERS,
    "status": wrong_words.STATUSES,
    "version": wrong_words.VERSIONS,
    "request": wrong_words.IN_RESPONSE_TO,
    "multiplicity": wrong_words.MULTIPLICITY,
    "subject": wrong_words.SUBJECT,
    "message": wrong_words.MESSAGES,
    "encryption": encryption.ENCRYPTION,
}


def cases() -> list[Any]:
    """Each attack on each base that it makes sense on."""
    return [
        on_base(base, base, case, bases=case.bases, name=f"{group}: {name}")
        for group, found in GROUPS.items()
        for name, case in found.items()
        for base in case.bases
    ]
