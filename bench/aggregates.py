"""The metadata of a federation: time and memory to get one provider of ten thousand out of 40 MB.

Each case runs in a process of its own, so that none finds memory that another one left: `python -m bench.aggregates
CASE FILE ENTITY_ID` is such a process and prints JSON.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

from bench.provider import ENTITY_ID, Material
from bench.report import duration, say, table
from bench.rounds import Times, ratio
from sso import saml

ENTITIES = 10_000
SIZE = 40_000_000

_STOCK = "python3-saml"
_MD = "urn:oasis:names:tc:SAML:2.0:metadata"
_MEGABYTE = 1024  # kilobytes, as Linux counts memory
_ENTITY = (
    '<EntityDescriptor entityID="{id}"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:'
    'protocol"><Extensions><mdui:UIInfo><mdui:DisplayName xml:lang="en">University {number}</mdui:DisplayName>'
    '<mdui:Description xml:lang="en">{padding}</mdui:Description></mdui:UIInfo></Extensions>'
    '<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>'
    "</ds:X509Data></ds:KeyInfo></KeyDescriptor><SingleSignOnService "
    'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{id}sso"/></IDPSSODescriptor>'
    "</EntityDescriptor>\n"
)


class Measured(TypedDict):
    """One run: processor time in seconds, and the memory beyond what imports took, in kilobytes."""

    seconds: float
    kilobytes: int


def run(material: Material, *, quick: bool) -> None:
    """Print a table: the median time of each case, its ratio (taken inside each round), and its most memory."""
    if not _STATUS.exists():
        say("\nA federation's file is measured on Linux only, which says how much memory was used.")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "federation.xml"
        with file.open("w") as stream:
            stream.writelines(_aggregate(base64.b64encode(material.certificate.der).decode()))
        times, memory = _measure_in_turns(file, rounds=1 if quick else 5)
    rows = [
        [name, duration(each.median), f"{ratio(times[_STOCK], each):.2f}", f"{memory[name] / _MEGABYTE:.1f} MB"]
        for name, each in times.items()
    ]
    head = ["case", "median", f"x {_STOCK}", "memory"]
    table(f"A federation's file ({SIZE // 1_000_000} MB, the last one of {ENTITIES:,} entities)", head, rows)


def _aggregate(certificate: str) -> Iterator[str]:
    yield (
        f'<EntitiesDescriptor xmlns="{_MD}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
        'xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui" validUntil="2099-01-01T00:00:00Z">\n'
    )
    for number in range(ENTITIES):
        facts = {"id": _entity_id(number), "number": number, "certificate": certificate}
        room = SIZE // ENTITIES - len(_ENTITY.format(padding="", **facts))
        yield _ENTITY.format(padding="word " * (room // 5), **facts)
    yield "</EntitiesDescriptor>"


def _entity_id(number: int) -> str:
    return f"https://idp{number}.example.test/"


def _measure_in_turns(file: Path, *, rounds: int) -> tuple[dict[str, Times], dict[str, int]]:
    """Return the times of each case, and the most memory that any of its runs took, in kilobytes."""
    times, memory = {name: Times() for name in CASES}, dict.fromkeys(CASES, 0)
    for _ in range(rounds):
        for name in CASES:
            command = [sys.executable, "-m", "bench.aggregates", name, str(file), _entity_id(ENTITIES - 1)]
            answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)  # noqa: S603 - our own words
            measured: Measured = json.loads(answer.stdout)
            times[name].rounds.append(measured["seconds"])
            memory[name] = max(memory[name], measured["kilobytes"])
    return times, memory


# --- In a process of its own

_STATUS = Path("/proc/self/status")


def _one(file: Path, entity_id: str) -> str:
    """Read one provider as `manage.py connection import --entity-id` does, with every finding."""
    with file.open("rb") as stream:
        document = saml.provider_document(stream, our_entity_id=ENTITY_ID, entity_id=entity_id)
    return saml.read_idp_metadata(document, our_entity_id=ENTITY_ID, now=datetime.now(UTC)).entity_id


def _all(file: Path, entity_id: str) -> str:
    """Read all as the settings page does before the admin chooses: a document and the names of each provider."""
    last = ""
    with file.open("rb") as stream:
        for provider in saml.offered_providers(stream, our_entity_id=ENTITY_ID):
            last = provider.entity_id
    return last


def _stock(file: Path, entity_id: str) -> str:
    return str(OneLogin_Saml2_IdPMetadataParser.parse(file.read_bytes(), entity_id=entity_id)["idp"]["entityId"])


CASES: dict[str, Callable[[Path, str], str]] = {
    "Amplisso, one by its entity ID": _one,
    "Amplisso, all to choose from": _all,
    _STOCK: _stock,
}


def _measure(name: str, file: Path, entity_id: str) -> Measured:
    before, begun = _peak(), time.process_time()
    found = CASES[name](file, entity_id)
    measured = Measured(seconds=time.process_time() - begun, kilobytes=_peak() - before)
    if found != entity_id:
        raise RuntimeError(f"{name} found {found}")
    return measured


def _peak() -> int:
    """Return the most memory that this process has had, in kilobytes."""
    lines = _STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    say(json.dumps(_measure(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
