"""Lays the root folder of a host: its /etc, its home, its users, and for busybox its whole userland. Starts nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path

from tests.fleet.kinds import LOCALES, Kind

USER = "mon"
HOME = f"/home/{USER}"
UID = 4201
JOURNAL_GID = 4202
FOLDERS = "dev etc home mnt opt proc root run srv sys tmp usr var/lib var/log var/tmp"
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
SHARED_ETC = (
    "alternatives",
    "bash.bashrc",
    "debian_version",
    "ld.so.cache",
    "localtime",
    "os-release",
    "profile",
)
"""What a host's /etc takes over from the machine's, so that the programs of its /usr work as they do here."""

INIT = """\
#!/bin/sh
# Takes in orphans, and ends with the tests that hold its standard input; with it ends the host.
cat
exit 0
"""


def put(root: Path, path: str, text: str, *, mode: int | None = None) -> None:
    """Write a file of the host: executable where it opens with `#!`, the user's where it is in the user's home."""
    target = root / path.lstrip("/")
    _folder(target.parent)
    target.write_text(text, encoding="utf-8")
    target.chmod(mode or (0o755 if text.startswith("#!") else 0o644))
    if path.startswith(HOME + "/"):
        os.chown(target, UID, UID)


def _folder(path: Path) -> None:
    """A folder that all may enter, whatever umask the tests run under."""
    for missing in reversed([p for p in (path, *path.parents) if not p.exists()]):
        missing.mkdir()
        missing.chmod(0o755)


def make_key(path: Path) -> str:
    """A fresh ed25519 key pair at `path`; the public half."""
    for old in (path, path.with_suffix(".pub")):
        old.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


def lay(root: Path, name: str, kind: Kind, *, public_key: str, sshd_config: str) -> None:
    """Make `root` the root folder of a host called `name`; the empty folder must exist."""
    root.chmod(0o755)
    for folder in FOLDERS.split():
        _folder(root / folder)
    for sticky in ("tmp", "var/tmp"):
        (root / sticky).chmod(0o1777)
    {"debian": _debian, "busybox": _busybox}[kind.userland](root)
    for name_of_locale in kind.locales:
        _compile(root / LOCALES[1:], name_of_locale)
    _users(root, kind)
    put(root, "/init", INIT)
    put(root, "/etc/hostname", f"{name}\n")
    put(root, "/etc/hosts", f"127.0.0.1 localhost {name}\n")
    put(root, "/etc/machine-id", f"{uuid.uuid4().hex}\n", mode=0o444)
    put(root, "/etc/boot_id", f"{uuid.uuid4()}\n")
    put(root, "/etc/ssh/sshd_config", sshd_config)
    make_key(root / "etc/ssh/host_key")
    put(root, f"{HOME}/.ssh/authorized_keys", public_key if kind.authorized else "", mode=0o600)
    for path, text in kind.files.items():
        put(root, path, text)
    for owned in (root / HOME[1:], root / HOME[1:] / ".ssh"):
        os.chown(owned, UID, UID)


def _users(root: Path, kind: Kind) -> None:
    """root, sshd, nobody and the login user; no password opens any of them."""
    people = [
        ("root", 0, "/root", "/bin/sh"),
        ("sshd", 105, "/run/sshd", "/usr/sbin/nologin"),
        (USER, UID, HOME, kind.shell),
        ("nobody", 65534, "/nonexistent", "/usr/sbin/nologin"),
    ]
    put(root, "/etc/passwd", "".join(f"{n}:x:{i}:{i}::{home}:{shell}\n" for n, i, home, shell in people))
    put(root, "/etc/shadow", "".join(f"{n}:*:20000::::::\n" for n, *_ in people), mode=0o640)
    readers = USER if kind.journal == "ok" else ""
    groups = [*((n, i, "") for n, i, *_ in people), ("tty", 5, ""), ("systemd-journal", JOURNAL_GID, readers)]
    put(root, "/etc/group", "".join(f"{n}:x:{i}:{members}\n" for n, i, members in groups))
    put(root, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    put(root, "/etc/shells", f"/bin/sh\n/bin/bash\n{kind.shell}\n")


def _debian(root: Path) -> None:
    """Links into /usr, on which the machine's own is mounted later."""
    for name in MERGED:
        if (here := Path("/") / name).is_symlink():
            (root / name).symlink_to(here.readlink())
    for name in SHARED_ETC:
        here = Path("/etc") / name
        if here.is_dir():
            shutil.copytree(here, root / "etc" / name, symlinks=True)
        elif here.exists():
            shutil.copy2(here, root / "etc" / name, follow_symlinks=False)


def _compile(folder: Path, locale: str) -> None:
    """A locale such as `de_DE`, which programs find where LOCPATH names the folder (locale(7))."""
    _folder(folder)
    subprocess.run(["localedef", "-i", locale, "-f", "UTF-8", str(folder / f"{locale}.UTF-8")], check=True)


def _busybox(root: Path) -> None:
    """A busybox with all its applets, and sshd with the libraries it needs."""
    busybox = shutil.which("busybox") or "busybox"
    applets = subprocess.run(
        [busybox, "--list-full"], check=True, capture_output=True, text=True
    ).stdout.split()
    _copy(root, Path(busybox), "bin/busybox")
    for applet in applets:
        link = root / applet
        _folder(link.parent)
        if not link.exists():
            link.symlink_to("/bin/busybox")
    programs = [Path("/usr/sbin/sshd"), *Path("/usr/lib/openssh").glob("sshd-*")]
    for program in programs:
        _copy(root, program, str(program)[1:])
    for library in _libraries([Path(busybox), *programs]):
        _copy(root, library, str(library)[1:])


def _libraries(programs: list[Path]) -> set[Path]:
    """The shared libraries and the loader of some programs, by ldd(1), which fails at a static one: it needs none."""
    listing = subprocess.run(["ldd", *map(str, programs)], check=False, capture_output=True, text=True).stdout
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", listing)}


def _copy(root: Path, source: Path, target: str) -> None:
    """A copy, as the path that the loader asks for, of the file behind any links."""
    _folder((root / target).parent)
    shutil.copy(source, root / target)
    (root / target).chmod(0o755)
