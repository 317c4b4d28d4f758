"""A TCP proxy in front of PostgreSQL, Redis or a mail server, which can be broken in the ways that networks break."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

_CHUNK = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST in place of FIN


@dataclass(eq=False)
class _Pair:
    """A client's connection and ours to the server."""

    client: socket.socket
    server: socket.socket
    is_forgotten: bool = False

    def close(self) -> None:
        for each in (self.client, self.server):
            with contextlib.suppress(OSError):
                each.close()


@dataclass(eq=False)
class Proxy:
    """A proxy on `port` of this machine. What it does can be changed while it runs; it begins by passing all on.

    `delay` is waited before each piece is passed on, in seconds. While `hangs`, connections are accepted and what comes
    is read, but nothing is passed on.
    """

    target: tuple[str, int]
    port: int = 0
    delay: float = 0.0
    hangs: bool = False
    _listener: socket.socket | None = None
    _pairs: set[_Pair] = field(default_factory=set)
    _ended: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        """Listen, at the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self) -> None:
        """End every connection and refuse new ones, as a server does that is gone."""
        if self._listener is not None:
            # Without shutdown a thread that waits in accept would take one more connection.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self) -> None:
        """End every connection; new ones are taken."""
        for pair in list(self._pairs):
            for each in (pair.client, pair.server):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Forget every connection, as a firewall does: nothing says so until the client sends something."""
        for pair in self._pairs:
            pair.is_forgotten = True

    def heal(self) -> None:
        """Work as in the beginning."""
        self.hangs, self.delay = False, 0.0
        if self._listener is None:
            self.open()

    def end(self) -> None:
        """Stop for good."""
        self._ended.set()
        self.refuse()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self.target, timeout=10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        pair = _Pair(client, server)
        self._pairs.add(pair)
        try:
            with contextlib.suppress(OSError):
                self._pass_on(pair)
        finally:
            self._pairs.discard(pair)
            pair.close()

    def _pass_on(self, pair: _Pair) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(pair.client, selectors.EVENT_READ, pair.server)
            waiting.register(pair.server, selectors.EVENT_READ, pair.client)
            while not self._ended.is_set():
                if self.hangs:
                    self._ended.wait(0.02)
                    continue
                for key, _ in waiting.select(0.02):
                    if self.hangs:
                        break
                    if not self._pass_piece(pair, key.fileobj, key.data):
                        return

    def _pass_piece(self, pair: _Pair, source: socket.socket, sink: socket.socket) -> bool:
        """Pass on what has come from one side; return whether the connection goes on."""
        piece = source.recv(_CHUNK)
        if pair.is_forgotten and source is pair.client:
            pair.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return False
        if not piece:
            return False
        if self.delay:
            time.sleep(self.delay)
        sink.sendall(piece)
        return True


@contextlib.contextmanager
def proxy_to(host: str, port: int) -> Iterator[Proxy]:
    """Run a proxy until the block ends."""
    proxy = Proxy((host, port))
    proxy.open()
    try:
        yield proxy
    finally:
        proxy.end()
