"""The one tenant that the pages show: kept in memory, or in a folder that outlives the process."""

import threading
from pathlib import Path

from simulator.tenant import DEFAULT_BASE_URL, STATE_FILE, Tenant


class Directory:
    """A directory that holds the tenant; with a folder, it reads it anew when another process has changed it."""

    def __init__(self, source: Tenant | Path | str, base_url: str = "") -> None:
        """Take `base_url` instead of the one that the folder remembers."""
        self._lock = threading.RLock()
        self._base_url = base_url.rstrip("/")
        self._folder = None if isinstance(source, Tenant) else Path(source)
        self._read_at = 0
        self._tenant = source if isinstance(source, Tenant) else self._first_tenant()

    @property
    def tenant(self) -> Tenant:
        """Return the tenant as it is now."""
        with self._lock:
            if self._folder and self._stamp() != self._read_at:
                self._tenant = self._load()
            return self._tenant

    def save(self) -> None:
        """Save the changes of the tenant; nothing to do for one in memory."""
        with self._lock:
            if self._folder:
                self._tenant.save(self._folder)
                self._read_at = self._stamp()

    def _first_tenant(self) -> Tenant:
        if self._stamp():
            return self._load()
        tenant = Tenant.create(self._base_url or DEFAULT_BASE_URL)
        tenant.save(self._folder or Path())
        self._read_at = self._stamp()
        return tenant

    def _load(self) -> Tenant:
        self._read_at = self._stamp()
        tenant = Tenant.load(self._folder or Path())
        tenant.base_url = self._base_url or tenant.base_url
        return tenant

    def _stamp(self) -> int:
        file = (self._folder or Path()) / STATE_FILE
        return file.stat().st_mtime_ns if file.exists() else 0
