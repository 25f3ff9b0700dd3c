"""The manifest: which Parquet files hold the store's rows, in one SQLite file that changes by whole transactions.

A job (a sealing, a compaction, a load) takes a number, writes its files, and commits: in one transaction its files begin to live and those
that they replace die. A reader sees all of that or nothing. Dead files stay on disk for those who began to read before. The
manifest can be built anew from the files (`livedata.store.verify`).

SQLite in WAL mode (https://www.sqlite.org/wal.html): readers never wait for the writer; `synchronous=FULL`, since logs are removed on
the strength of a commit.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import quote

from ..errors import StoreError
from .layout import Layout, Segment

FORMAT = 1
"""`PRAGMA user_version`: a newer one is a newer livedata's."""
WAIT_SECONDS = 30.0
FEW_HOSTS = 20
"""More hosts than this are looked for among the segments by Python, not by SQL."""

Kind = Literal["seal", "compact", "load"]

SCHEMA = """
CREATE TABLE log (one INTEGER PRIMARY KEY CHECK (one = 1), sealed_through INTEGER NOT NULL, kept_above INTEGER NOT NULL,
  damaged TEXT NOT NULL);
INSERT INTO log VALUES (1, 0, 0, '');
CREATE TABLE job (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, begun INTEGER NOT NULL, done INTEGER);
CREATE TABLE segment (
  path TEXT PRIMARY KEY, "table" TEXT NOT NULL, period TEXT NOT NULL, level INTEGER NOT NULL, version INTEGER NOT NULL,
  first_host TEXT NOT NULL, last_host TEXT NOT NULL, hosts INTEGER NOT NULL, first_ts INTEGER NOT NULL,
  last_ts INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, crc INTEGER NOT NULL, mtime INTEGER NOT NULL,
  rolled INTEGER NOT NULL, thin INTEGER NOT NULL, checked INTEGER NOT NULL, born INTEGER NOT NULL,
  died INTEGER, damage TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE INDEX living ON segment ("table", last_ts) WHERE died IS NULL;
CREATE INDEX dead ON segment (died) WHERE died IS NOT NULL;
CREATE TABLE registry (one INTEGER PRIMARY KEY CHECK (one = 1), content BLOB NOT NULL);
CREATE TABLE host ("table" TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY ("table", name)) WITHOUT ROWID;
"""

COLUMNS = 'path, "table", period, level, version, first_host, last_host, hosts, first_ts, last_ts, rows, bytes, crc, mtime, rolled, thin, born, checked, damage'


@dataclass(frozen=True, slots=True)
class Logs:
    """Rows of write-ahead logs up to `sealed_through` lie in the lake, the others in their logs.

    Logs up to `kept_above` may be gone; those between are kept for readers that began before. `damaged` logs are kept for good.
    """

    sealed_through: int = 0
    kept_above: int = 0
    damaged: tuple[int, ...] = ()


@contextmanager
def _errors(layout: Layout) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        full = "full" in str(error) or "disk I/O" in str(error)
        hint = "the disk is full or failing" if full else "livedata store verify --repair makes it anew"
        raise StoreError(
            f"the manifest can't be used: {error}", where=str(layout.manifest), hint=hint
        ) from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    name = f"file:{quote(str(path))}?mode={mode}"
    return sqlite3.connect(
        name, uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )


def _check_format(db: sqlite3.Connection, layout: Layout) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise StoreError(
            "a newer livedata wrote it", where=str(layout.manifest), hint="use that one, or `pip install -U`"
        )
    return version


class Manifest:
    """An open manifest; for one thread at a time. `root`: the store's folder, which its paths are relative to."""

    def __init__(self, layout: Layout, db: sqlite3.Connection) -> None:
        self.layout = layout
        self._db = db

    def close(self) -> None:
        self._db.close()

    # What there is

    def logs(self) -> Logs:
        """Raises StoreError."""
        with _errors(self.layout):
            through, above, damaged = self._db.execute(
                "SELECT sealed_through, kept_above, damaged FROM log"
            ).fetchone()
        return Logs(through, above, tuple(map(int, damaged.split())))

    def segments(
        self,
        table: str | None = None,
        *,
        first_ts: int = -(2**63),
        last_ts: int = 2**63 - 1,
        hosts: Collection[str] | None = None,
    ) -> list[Segment]:
        """Living segments of a table (None: of all) that may hold rows of these times (inclusive) and hosts, by table, period and
        path. Raises StoreError."""
        sql = f"SELECT {COLUMNS} FROM segment WHERE died IS NULL AND last_ts >= ? AND first_ts <= ?"
        values: list[object] = [first_ts, last_ts]
        if table is not None:
            sql += ' AND "table" = ?'
            values.append(table)
        if hosts is not None and len(hosts) <= FEW_HOSTS:
            sql += (
                " AND (" + " OR ".join(["(first_host <= ? AND last_host >= ?)"] * len(hosts)) + ")"
                if hosts
                else " AND 0"
            )
            values += [name for host in hosts for name in (host, host)]
        with _errors(self.layout):
            found = self._db.execute(f'{sql} ORDER BY "table", period, path', values).fetchall()
        segments = [self._segment(row) for row in found]
        if hosts is not None and len(hosts) > FEW_HOSTS:
            segments = [s for s in segments if any(s.first_host <= h <= s.last_host for h in hosts)]
        return segments

    def _segment(self, row: Sequence[object]) -> Segment:
        path, *rest, rolled, thin, born, checked, damage = row
        columns: Any = (*rest, bool(rolled), bool(thin), born, checked, damage)
        return Segment(self.layout.lake / str(path), *columns)

    def hosts(self) -> dict[str, set[str]]:
        """By table: every host that ever had a row of it in the lake. Raises StoreError."""
        found: dict[str, set[str]] = {}
        with _errors(self.layout):
            for table, name in self._db.execute('SELECT "table", name FROM host'):
                found.setdefault(table, set()).add(name)
        return found

    def first_job(self) -> int | None:
        """When the store's first job began, microseconds UTC. Raises StoreError."""
        with _errors(self.layout):
            found: int | None = self._db.execute("SELECT min(begun) FROM job WHERE begun > 0").fetchone()[0]
        return found

    def registry(self) -> bytes | None:
        """The copy of tables.json at the last sealing. Raises StoreError."""
        with _errors(self.layout):
            found = self._db.execute("SELECT content FROM registry").fetchone()
        return found[0] if found else None

    def dead(self) -> list[tuple[Path, int]]:
        """Files that were replaced or given up, and when (microseconds UTC). Raises StoreError."""
        with _errors(self.layout):
            found = self._db.execute(
                "SELECT path, died FROM segment WHERE died IS NOT NULL ORDER BY died"
            ).fetchall()
        return [(self.layout.lake / path, died) for path, died in found]

    def paths(self) -> set[Path]:
        """Every file that the manifest knows, dead ones too. Raises StoreError."""
        with _errors(self.layout):
            return {self.layout.lake / path for (path,) in self._db.execute("SELECT path FROM segment")}

    @contextmanager
    def moment(self) -> Iterator[None]:
        """What is read within is of one moment."""
        with _errors(self.layout):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    # What changes

    def begin(self, kind: Kind, now_us: int) -> int:
        """A number for a job; its files carry it. Raises StoreError."""
        with _errors(self.layout):
            number = self._db.execute("INSERT INTO job (kind, begun) VALUES (?, ?)", (kind, now_us)).lastrowid
        assert number is not None
        return number

    def interrupted(self, kinds: Collection[Kind]) -> list[int]:
        """Jobs of these kinds that began and never ended. Raises StoreError."""
        marks = ", ".join("?" * len(kinds))
        with _errors(self.layout):
            found = self._db.execute(
                f"SELECT id FROM job WHERE done IS NULL AND kind IN ({marks})", [*kinds]
            ).fetchall()
        return [number for (number,) in found]

    def abandon(self, job: int) -> None:
        """Forget a job whose files are gone again. Raises StoreError."""
        with _errors(self.layout):
            self._db.execute("DELETE FROM job WHERE id = ? AND done IS NULL", (job,))

    def commit(
        self,
        job: int,
        now_us: int,
        *,
        born: Sequence[Segment] = (),
        died: Collection[Path] = (),
        logs: Logs | None = None,
        hosts: Mapping[str, Collection[str]] = MappingProxyType({}),
        registry: bytes | None = None,
    ) -> None:
        """End a job: its files begin to live, the files of `died` die, `logs` are the new ones; all at once and durable.
        `hosts`: those of the new files, by table. `registry`: a copy of tables.json, to have it twice.

        Raises:
            StoreError: nothing has changed (the disk is full, or a file that should die was no longer alive).
        """
        lake = self.layout.lake
        with _errors(self.layout):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(
                    f"INSERT INTO segment ({COLUMNS}) VALUES ({', '.join('?' * 19)})",
                    [
                        (
                            s.path.relative_to(lake).as_posix(), s.table, s.period, s.level, s.version, s.first_host,
                            s.last_host, s.hosts, s.first_ts, s.last_ts, s.rows, s.bytes, s.crc, s.mtime, s.rolled,
                            s.thin, now_us, now_us, s.damage,
                        )
                        for s in born
                    ],
                )  # fmt: skip
                self._kill(died, now_us)
                if logs is not None:
                    damaged = " ".join(map(str, logs.damaged))
                    self._db.execute(
                        "UPDATE log SET sealed_through = ?, kept_above = ?, damaged = ?",
                        (logs.sealed_through, logs.kept_above, damaged),
                    )
                self._db.executemany(
                    "INSERT OR IGNORE INTO host VALUES (?, ?)",
                    [(table, name) for table, names in hosts.items() for name in names],
                )
                if registry is not None:
                    self._db.execute("INSERT OR REPLACE INTO registry VALUES (1, ?)", (registry,))
                self._db.execute("UPDATE job SET done = ? WHERE id = ?", (now_us, job))
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _kill(self, paths: Collection[Path], now_us: int) -> None:
        names = [path.relative_to(self.layout.lake).as_posix() for path in paths]
        for name in names:
            done = self._db.execute(
                "UPDATE segment SET died = ? WHERE path = ? AND died IS NULL", (now_us, name)
            )
            if done.rowcount != 1:
                raise StoreError("a file was replaced by two at once", where=str(self.layout.lake / name))

    def kill(self, paths: Collection[Path], now_us: int) -> None:
        """Give files up: readers that begin now do not see them. Raises StoreError."""
        with _errors(self.layout):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._kill(paths, now_us)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def count_jobs_from(self, number: int) -> None:
        """The next job has at least this number. Raises StoreError."""
        with _errors(self.layout):
            self._db.execute("INSERT INTO job (id, kind, begun, done) VALUES (?, 'repair', 0, 0)", (number,))

    def mark(self, path: Path, damage: str) -> None:
        """Write down what is wrong with a file ("": nothing any more): such a one is left out of questions and compaction. Raises
        StoreError."""
        with _errors(self.layout):
            self._db.execute(
                "UPDATE segment SET damage = ? WHERE path = ?",
                (damage, path.relative_to(self.layout.lake).as_posix()),
            )

    def sound(self, path: Path, mtime: int, now_us: int) -> None:
        """A file was read whole and is as it was written; it has this time of change. Raises StoreError."""
        with _errors(self.layout):
            self._db.execute(
                "UPDATE segment SET mtime = ?, checked = ? WHERE path = ?",
                (mtime, now_us, path.relative_to(self.layout.lake).as_posix()),
            )

    def forget(self, paths: Collection[Path]) -> None:
        """Dead files that are deleted. Raises StoreError."""
        names = [(path.relative_to(self.layout.lake).as_posix(),) for path in paths]
        with _errors(self.layout):
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("DELETE FROM segment WHERE path = ? AND died IS NOT NULL", names)
            self._db.execute("COMMIT")


@contextmanager
def writing(layout: Layout, *, anew: bool = False) -> Iterator[Manifest]:
    """The manifest, to change it; it is made where the store has none and nothing in its lake, or `anew`.

    Raises:
        StoreError: it is damaged, lost, or a newer livedata's.
    """
    if not anew and not layout.manifest.exists():
        _check_lost(layout)
    with _errors(layout), closing(_connect(layout.manifest, "rwc")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if _check_format(db, layout) == 0:
            layout.manifest.chmod(0o600)
            db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT")
        yield Manifest(layout, db)


@contextmanager
def reading(layout: Layout) -> Iterator[Manifest | None]:
    """The manifest, to read it; None for a store that never sealed a row.

    Where the folder can't be written to and SQLite needs that, a copy is read.

    Raises:
        StoreError: it is damaged, lost, or a newer livedata's.
    """
    if not layout.manifest.exists():
        _check_lost(layout)
        yield None
        return
    with _errors(layout):
        db = _connect(layout.manifest, "ro")
        try:
            version = _check_format(db, layout)
        except sqlite3.OperationalError:
            db.close()
            with _copy(layout) as copied:
                yield Manifest(layout, copied)
            return
        with closing(db):
            if not version:
                _check_lost(layout)
            yield Manifest(layout, db) if version else None


@contextmanager
def _copy(layout: Layout) -> Iterator[sqlite3.Connection]:
    """A copy of the manifest with its own write-ahead log, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="livedata-manifest-") as folder:
        for suffix in ("", "-wal"):
            source = layout.manifest.with_name(layout.manifest.name + suffix)
            if source.exists():
                shutil.copyfile(source, Path(folder) / source.name)
        with closing(_connect(Path(folder) / layout.manifest.name, "rw")) as db:
            _check_format(db, layout)
            yield db


def _check_lost(layout: Layout) -> None:
    """There is no manifest: StoreError if there should be one."""
    if layout.lake.is_dir() and any(layout.lake.iterdir()):
        raise StoreError(
            "the manifest is lost",
            where=str(layout.manifest),
            hint="livedata store verify --repair makes it anew",
        )
