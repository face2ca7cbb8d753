"""A file system for APSW that shows every operation to a watcher, who may refuse it.

Reads and writes are done on real files. Syncs are shown and not done: what a sync means is the
watcher's to say, and the tests are quick.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apsw

_NAMES = itertools.count(1)
_DURABLE = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
_LOGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL


class Op(NamedTuple):
    """One operation: create, open, write, truncate, sync, failed (a sync), delete, folder, close.

    `place` is the offset of a write or the size left by a truncate. A `folder` is a sync of the
    folder, which makes what was created and deleted before it last.
    """

    kind: str
    name: str
    handle: int = 0
    place: int = 0
    data: bytes = b""


Watcher = Callable[[Op], None]


class WatchedFile(apsw.VFSFile):
    def __init__(self, vfs: WatchedVFS, name: Any, flags: list[int]) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._watcher: Watcher | None = None
        new = path is not None and not Path(path).exists()
        asked = flags[0]
        super().__init__("", name, flags)
        if path is None or not asked & _DURABLE:
            return
        self._watcher = vfs.watcher
        self._name = Path(path).name
        self._handle = next(vfs.handles)
        # SQLite's own file system syncs the folder after the first sync of a log it may have made.
        self._folder_due = bool(asked & _LOGS and asked & apsw.SQLITE_OPEN_CREATE)
        if new:
            self._watcher(Op("create", self._name))
        self._watcher(Op("open", self._name, self._handle))

    def _tell(self, kind: str, place: int = 0, data: bytes = b"") -> None:
        if self._watcher:
            self._watcher(Op(kind, self._name, self._handle, place, data))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        try:
            self._tell("write", offset, bytes(data))
        except apsw.Error:
            super().xWrite(data[: len(data) // 2], offset)  # a write that fails may get half way
            raise
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._tell("truncate", size)
        super().xTruncate(size)

    def xSync(self, _: int) -> None:  # noqa: N802
        self._tell("sync")
        if self._watcher and self._folder_due:
            self._folder_due = False
            self._tell("folder")

    def xClose(self) -> None:  # noqa: N802
        super().xClose()
        self._tell("close")

    def excepthook(self, *_: object) -> None:
        """Keep quiet: SQLite has been told, and what it makes of it is what is tested."""


class WatchedVFS(apsw.VFS):
    def __init__(self, name: str, watcher: Watcher) -> None:
        self.watcher = watcher
        self.handles = itertools.count(1)
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> WatchedFile:  # noqa: N802
        return WatchedFile(self, name, flags)

    def xDelete(self, path: str, sync_folder: bool) -> None:  # noqa: N802
        if Path(path).exists():
            self.watcher(Op("delete", Path(path).name))
        super().xDelete(path, False)
        if sync_folder:
            self.watcher(Op("folder", Path(path).name))

    def excepthook(self, *_: object) -> None:
        """Keep quiet; see WatchedFile."""


@contextmanager
def watched(watcher: Watcher) -> Iterator[str]:
    """Yield the name of a file system that shows all to `watcher`."""
    name = f"watched-{next(_NAMES)}"
    vfs = WatchedVFS(name, watcher)
    try:
        yield name
    finally:
        vfs.unregister()
