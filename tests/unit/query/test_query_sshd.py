"""What sshd and dropbear say of logins is recognised, whatever a visitor calls himself. The messages are those of real servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.model.batch import Batch
from livedata.model.columns import stored_columns
from livedata.model.probe import Column, Probe
from livedata.query.engine import ask
from livedata.query.sshd import EVENTS, PROGRAMS, SSH_LOGIN
from livedata.store.writer import Writer

START = 1_785_024_000_000_000
LOG = Probe(
    "log",
    "Messages.",
    (
        Column("ts", 1, "ts", "time"),
        Column("identifier", 2, "str", "text"),
        Column("pid", 3, "i64", "text"),
        Column("message", 4, "str", "text"),
    ),
    mined="message",
)
KEY = "SHA256:PhJsk1dkk2Tl6X/pcDrWsCyRGw4kSDYTbY0m7K5rChQ"
HERE = {"address": "192.0.2.7", "port": 59712}

SAID: list[tuple[str, str, str, dict[str, Any]]] = [
    ("accepted", "sshd", f"Accepted publickey for mon from 192.0.2.7 port 59712 ssh2: ED25519 {KEY}",
     {"method": "publickey", "user": "mon", "key_type": "ED25519", "key": KEY, "success": True, "user_known": True, **HERE}),
    ("accepted", "sshd-session", f"Accepted publickey for mon from 2001:db8::7 port 9 ssh2: RSA-CERT {KEY} ID mon@example (serial 7) CA ED25519 SHA256:abc",
     {"key_type": "RSA-CERT", "key": KEY, "certificate": "mon@example", "address": "2001:db8::7"}),
    ("accepted", "sshd", "Accepted password for root from 192.0.2.7 port 59712 ssh2", {"method": "password", "key": None, "user": "root", **HERE}),
    ("accepted", "sshd", "Accepted keyboard-interactive/pam for mon from 192.0.2.7 port 59712 ssh2", {"method": "keyboard-interactive/pam"}),
    ("accepted", "sshd", "Accepted publickey for mon from 192.0.2.7 port 59712 ssh2: RSA 43:51:43:a1:b5:fc:8b:b7:0a:3a:a9:b1:0f:66:73:a8",
     {"method": "publickey", "user": "mon", "key_type": "RSA", "key": "43:51:43:a1:b5:fc:8b:b7:0a:3a:a9:b1:0f:66:73:a8"}),  # RHEL 6 and 7
    ("refused", "sshd", "Failed password for root from 192.0.2.7 port 59712 ssh2", {"user": "root", "success": False, "user_known": True, **HERE}),
    ("refused", "sshd", "Failed password for invalid user admin from 192.0.2.7 port 59712 ssh2", {"user": "admin", "user_known": False, **HERE}),
    ("refused", "sshd", "Failed none for invalid user  from 192.0.2.7 port 59712 ssh2", {"user": None, "method": "none", **HERE}),
    ("refused", "sshd", f"Failed publickey for mon from 192.0.2.7 port 59712 ssh2: RSA {KEY}", {"key": KEY}),
    ("too_many", "sshd", "error: maximum authentication attempts exceeded for invalid user x from 192.0.2.7 port 59712 ssh2 [preauth]", {"user": "x", "user_known": False, **HERE}),
    ("gave_up", "sshd", "Connection closed by authenticating user nobody 192.0.2.7 port 59712 [preauth]", {"user": "nobody", "user_known": True, "method": None, **HERE}),
    ("gave_up", "sshd-auth", "Disconnected from invalid user a b 192.0.2.7 port 59712 [preauth]", {"user": "a b", "user_known": False, **HERE}),
    ("accepted", "dropbear", f"Pubkey auth succeeded for 'mon' with ssh-ed25519 key {KEY} from 192.0.2.7:59712", {"method": "publickey", "user": "mon", "key": KEY, **HERE}),
    ("accepted", "dropbear", "Password auth succeeded for 'root' from 192.0.2.7:59712", {"method": "password", "user": "root", **HERE}),
    ("refused", "dropbear", "Bad password attempt for 'root' from 192.0.2.7:59712", {"method": "password", "user": "root", **HERE}),
    ("refused", "dropbear", "Login attempt for nonexistent user from 192.0.2.7:59712", {"user": None, "user_known": False, **HERE}),
    # A visitor who calls himself what a message of success would hold.
    ("refused", "sshd", f"Failed password for invalid user root from 198.51.100.1 port 1 ssh2: RSA {KEY} from 192.0.2.7 port 59712 ssh2",
     {"user": f"root from 198.51.100.1 port 1 ssh2: RSA {KEY}", "key": None, **HERE}),
]  # fmt: skip
QUIET = [
    "Connection closed by 192.0.2.7 port 56020 [preauth]",
    "Received disconnect from 192.0.2.7 port 5:11: disconnected by user",
    "Server listening on 0.0.0.0 port 22.",
    "pam_unix(sshd:session): session opened for user mon(uid=1000) by (uid=0)",
    "Invalid user admin from 192.0.2.7 port 59712",
    "Exit (mon) from <192.0.2.7:50934>: Error reading: Connection reset by peer",
]


def kept(root: Path, said: list[tuple[str, str]]) -> list[dict[str, Any]]:
    rows = [(START + n, program, n, message) for n, (program, message) in enumerate(said)]
    with Writer.open(root, purpose="test", now_us=START) as writer:
        assert writer.append([Batch(LOG, "web-01", START, rows)], START) == []
    return ask(root, "SELECT * FROM ssh_login ORDER BY ts").table.to_pylist()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    said = [(program, message) for _, program, message, _ in SAID] + [("sshd", message) for message in QUIET]
    return kept(tmp_path_factory.mktemp("ssh") / "store", [*said, ("app", SAID[0][2])])


@pytest.mark.parametrize(
    ("place", "wanted"), list(enumerate(SAID)), ids=[f"{n} {s[2][:30]}" for n, s in enumerate(SAID)]
)
def test_a_message(
    found: list[dict[str, Any]], place: int, wanted: tuple[str, str, str, dict[str, Any]]
) -> None:
    event, _, message, values = wanted
    row = found[place]
    assert (row["message"], row["event"], row["pid"]) == (message, event, place)
    assert {name: row[name] for name in values} == values


def test_nothing_else_is_a_login(found: list[dict[str, Any]]) -> None:
    assert len(found) == len(SAID)
    assert list(found[0]) == [column.name for column in stored_columns(SSH_LOGIN)]
    assert {row["event"] for row in found} == {event.kind for event in EVENTS}
    assert {program for _, program, _, _ in SAID} == set(PROGRAMS)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), max_size=60) | st.sampled_from(
    [message for _, _, message, _ in SAID]
)


@settings(max_examples=5)
@given(names=st.lists(NAMES, min_size=1, max_size=40))
def test_no_name_can_say_where_from_or_that_it_was_let_in(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    said = [("sshd", f"Failed password for invalid user {n} from 192.0.2.7 port 59712 ssh2") for n in names]
    rows = kept(tmp_path_factory.mktemp("name") / "store", said)
    told = [(row["success"], row["user"], row["address"], row["port"]) for row in rows]
    assert told == [(False, name or None, *HERE.values()) for name in names]
