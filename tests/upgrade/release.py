"""The release that the next one must run beside, and its migrations.

A deployment migrates while processes of that release still run, and its databases have applied these files. So none of
them is renamed, removed or rewritten afterwards (docs/dev/migrations.md). When a release is made, write its list:

    .venv/bin/python -m tests.upgrade.release 0.2.0
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE_FILE = Path(__file__).with_name("release.json")

Digests = dict[str, dict[str, str]]


def migrations_of(root: Path) -> Digests:
    """Return the SHA-256 of each migration's file, by app and name."""
    return {
        folder.parent.name: {file.stem: _digest(file) for file in sorted(folder.glob("[0-9]*.py"))}
        for folder in sorted(root.glob("*/migrations"))
    }


def broken(listed: Digests, root: Path) -> list[str]:
    """Return a sentence for each listed migration that is missing or has other content below `root`."""
    now = migrations_of(root)
    found = []
    for app, migrations in listed.items():
        for name, digest in migrations.items():
            if name not in now.get(app, {}):
                found.append(f"{app}.{name} was renamed or removed")
            elif now[app][name] != digest:
                found.append(f"{app}.{name} was rewritten")
    return found


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    release = {"release": sys.argv[1], "migrations": migrations_of(ROOT)}
    RELEASE_FILE.write_text(json.dumps(release, indent=2) + "\n")
