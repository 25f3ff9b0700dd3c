"""Who came in by ssh, how, and who was refused: the definitions of the view `ssh_login` over `log`, one line each.

A pattern (RE2) is tried on each message of sshd or dropbear, the first that matches says the event; its groups fill the columns of their
names. User names are the visitor's choice and may hold anything, so each pattern is bound to the message's end, where only the server
writes. Source: OpenSSH's auth.c, packet.c and auth2.c, versions 5 to 10; dropbear's svr-auth*.c.
"""

from __future__ import annotations

from ..model.probe import Column, Probe
from .events import Event, column_sql, group_sql, kind_sql, nth_sql
from .views import literal

PROGRAMS = ("sshd", "sshd-session", "sshd-auth", "dropbear")
_FROM = r" from (?P<address>\S+) port (?P<port>\d+)"
_KEY = r"(?:: (?P<key_type>[A-Z0-9-]+) (?P<key>\S+)(?: ID (?P<certificate>.+?) \(serial \d+\) CA .*)?)?"
_DROPBEAR = r" from (?P<address>\S+):(?P<port>\d+)"
EVENTS = (
    Event("accepted", rf"^Accepted (?P<method>\S+) for (?P<user>.*){_FROM}(?: ssh2)?{_KEY}$"),
    Event("refused", rf"^Failed (?P<method>\S+) for (?P<unknown>invalid user )?(?P<user>.*){_FROM}(?: ssh2)?{_KEY}$"),
    Event("too_many", rf"^error: maximum authentication attempts exceeded for (?P<unknown>invalid user )?(?P<user>.*){_FROM} ssh2 \[preauth\]$"),
    Event("gave_up", r"^(?:Connection (?:closed|reset) by|Disconnected from) (?:authenticating|(?P<unknown>invalid)) user (?P<user>.*) (?P<address>\S+) port (?P<port>\d+) \[preauth\]$"),
    Event("accepted", rf"^(?P<method>Pubkey|Password) auth succeeded for '(?P<user>.*)'(?: with \S+ key (?P<key>(?:SHA256:|md5 |sha1!! )?\S+))?{_DROPBEAR}$"),
    Event("refused", rf"^Bad (?:PAM )?(?P<method>password) attempt for '(?P<user>.*)'{_DROPBEAR}$"),
    Event("refused", rf"^Login attempt for (?P<unknown>nonexistent) user(?: '(?P<user>.*)')?{_DROPBEAR}$"),
)  # fmt: skip
"""The last three are dropbear's."""

SSH_LOGIN = Probe(
    "ssh_login",
    "Who came in by ssh and who was refused, as sshd and dropbear said it in `log`.",
    (
        Column("ts", 1, "ts", "time", "When it was logged"),
        Column("boot_id", 2, "str", "text", "The boot it is from"),
        Column("event", 3, "str", "text", "accepted; refused: one attempt of a method; too_many: attempts; gave_up: left before it was in"),
        Column("success", 4, "bool", "text", "Whether it was let in"),
        Column("method", 5, "str", "text", "publickey, password, keyboard-interactive/pam, hostbased, gssapi-with-mic, none; null of gave_up"),
        Column("user", 6, "str", "text", "Who it wanted to be; null where dropbear does not tell"),
        Column("user_known", 7, "bool", "text", "Whether the host has such a user"),
        Column("address", 8, "str", "text", "Where from: address, or a name with old servers that look them up"),
        Column("port", 9, "i64", "text", "The port there"),
        Column("key_type", 10, "str", "text", "ED25519, RSA, ECDSA ..., with -CERT of a certificate"),
        Column("key", 11, "str", "text", "The key's fingerprint, as ssh-keygen -l has it: SHA256:..."),
        Column("certificate", 12, "str", "text", "The certificate's id"),
        Column("pid", 13, "i64", "text", "The server's process"),
        Column("message", 14, "str", "text", "The whole message"),
    ),
    source="log",
    every=0.0,
)  # fmt: skip
NEEDS = ("identifier", "pid", "message")
"""The columns of `log` without which there is no such view."""


def _column(column: Column) -> str:
    if column.name in ("ts", "boot_id", "pid", "message"):
        return column.name
    if column.name == "event":
        return f"{kind_sql(EVENTS)} AS event"
    if column.name == "success":
        return "event = 'accepted' AS success"
    if column.name == "user_known":
        return f"{group_sql(EVENTS, 'message', 'unknown')} IS NULL AS user_known"
    if column.name == "method":
        return f"replace(lower({group_sql(EVENTS, 'message', 'method')}), 'pubkey', 'publickey') AS method"
    return column_sql(EVENTS, "message", column)


def ssh_login_sql() -> str:
    """The SELECT over `log` that the view is."""
    programs = ", ".join(map(literal, PROGRAMS))
    return (
        f"SELECT host, {', '.join(map(_column, SSH_LOGIN.columns))} FROM (SELECT ts, host, boot_id, pid, message, "
        f"{nth_sql(EVENTS, 'message')} AS nth FROM log WHERE identifier IN ({programs})) WHERE nth IS NOT NULL"
    )
