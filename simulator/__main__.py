"""`python -m simulator` serves the pages; `python -m simulator prepare` registers one application."""

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from simulator.apps import SOURCES
from simulator.directory import Directory

REFUSAL: Final = "The Entra ID simulator is for development only: it starts when DEBUG is true."
TRUE: Final = {"1", "true", "yes", "on"}


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one of the two commands; return the exit status."""
    if environment.get("DEBUG", "").strip().lower() not in TRUE:
        sys.stderr.write(f"{REFUSAL}\n")
        return 1
    if arguments[:1] == ["prepare"]:
        return _prepare(_prepare_parser().parse_args(arguments[1:]))
    return _serve(_parser("python -m simulator").parse_args(arguments))


def _serve(options: argparse.Namespace) -> int:
    # Flask is a development requirement; the refusal above must not need it.
    from simulator.pages import build
    from simulator.server import listen

    base_url = _base_url(options)
    server = listen(build(options.state, base_url), options.port)
    sys.stdout.write(f"Entra ID simulator on {base_url}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


def _prepare(options: argparse.Namespace) -> int:
    directory = Directory(options.state, _base_url(options))
    tenant = directory.tenant
    app = tenant.app_with_identifier(options.identifier)
    if app is None:
        app = tenant.register(options.name, options.identifier, name_id_source=options.name_id_source)
    app.name = options.name
    app.reply_url = options.reply_url
    app.sign_on_url = options.sign_on_url
    directory.save()
    _write(tenant.metadata(app), options.metadata)
    return 0


def _write(document: bytes, target: str) -> None:
    if target == "-":
        sys.stdout.buffer.write(document)
    else:
        Path(target).write_bytes(document)


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(name)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--state", type=Path, default=Path("var/simulator"), metavar="FOLDER")
    parser.add_argument("--base-url", default="", help="default: http://127.0.0.1:PORT")
    return parser


def _prepare_parser() -> argparse.ArgumentParser:
    parser = _parser("python -m simulator prepare")
    parser.add_argument("--name", required=True)
    parser.add_argument("--identifier", required=True, metavar="URL")
    parser.add_argument("--reply-url", required=True, metavar="URL")
    parser.add_argument("--sign-on-url", default="", metavar="URL")
    parser.add_argument("--name-id-source", choices=SOURCES, default="user.mail")
    parser.add_argument("--metadata", required=True, metavar="FILE", help="- for standard output")
    return parser


def _base_url(options: argparse.Namespace) -> str:
    return options.base_url or f"http://127.0.0.1:{options.port}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
