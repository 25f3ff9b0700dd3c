"""What the services of made-up machines say: entries as a journal has them, of templates filled with ids, addresses and times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from livedata.model.batch import TYPES, arrow_schema
from livedata.model.probe import Probe
from livedata.model.template import templates

from .dice import Dice
from .fleet import Boot

Fill = Callable[[Dice, int], pa.Array]
"""So many texts for the gap of a template."""


def number(low: int, high: int) -> Fill:
    return lambda dice, n: dice.whole(n, low, high).cast(pa.string())


def one_of(*choices: str) -> Fill:
    """The first of them most often."""

    def fill(dice: Dice, n: int) -> pa.Array:
        skewed = pc.multiply(dice.uniform(n), dice.uniform(n))
        return pa.array(choices).take(pc.cast(pc.floor(pc.multiply(skewed, float(len(choices)))), pa.int64()))

    return fill


def _joined(between: str, parts: Sequence[pa.Array]) -> pa.Array:
    return pc.binary_join_element_wise(*parts, between)


def address(dice: Dice, n: int) -> pa.Array:
    """An IPv4 address of documentation's ranges and private ones, some of them far more often than others."""
    near = pc.cast(pc.multiply(pc.multiply(dice.uniform(n), dice.uniform(n)), 250.0), pa.int64(), safe=False)
    return _joined(".", [pa.repeat("10.0", n), dice.whole(n, 0, 4).cast(pa.string()), near.cast(pa.string())])


HEX = pa.array([f"{i:02x}" for i in range(256)])


def identity(octets: int) -> Fill:
    """An id that never comes again: so many octets in hexadecimal."""
    return lambda dice, n: _joined("", [HEX.take(dice.whole(n, 0, 256)) for _ in range(octets)])


def seconds(dice: Dice, n: int) -> pa.Array:
    """A duration such as 0.0231."""
    return _joined(".", [pa.repeat("0", n), pc.utf8_lpad(dice.whole(n, 1, 2000).cast(pa.string()), 4, "0")])


user = one_of("deploy", "root", "backup", "alice", "bob", "carol", "postgres", "jenkins")
path = one_of(
    "/", "/api/v1/orders", "/api/v1/items", "/login", "/static/app.js", "/static/style.css", "/healthz",
    "/api/v1/users", "/search", "/favicon.ico", "/cart", "/checkout",
)  # fmt: skip
agent = one_of(
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/8.5.0", "kube-probe/1.31",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
)  # fmt: skip
status = one_of("200", "200", "304", "301", "404", "500", "502")


class Template(NamedTuple):
    """A message with gaps, who says it and how often beside the others of its service. 0 `share`: only at times of trouble."""

    weight: float
    priority: int
    parts: tuple[str | Fill, ...]


class Service(NamedTuple):
    unit: str
    identifier: str
    binary: str
    templates: tuple[Template, ...]


SSHD = Service("ssh.service", "sshd", "/usr/sbin/sshd", (
    Template(3, 6, ("Accepted publickey for ", user, " from ", address, " port ", number(1024, 65536), " ssh2: ED25519 SHA256:", identity(3))),
    Template(3, 6, ("pam_unix(sshd:session): session opened for user ", user, "(uid=", number(1000, 1010), ") by (uid=0)")),
    Template(3, 6, ("pam_unix(sshd:session): session closed for user ", user)),
    Template(2, 6, ("Received disconnect from ", address, " port ", number(1024, 65536), ":11: disconnected by user")),
    Template(4, 6, ("Invalid user ", user, " from ", address, " port ", number(1024, 65536))),
    Template(4, 6, ("Connection closed by authenticating user ", user, " ", address, " port ", number(1024, 65536), " [preauth]")),
))  # fmt: skip
CRON = Service("cron.service", "CRON", "/usr/sbin/cron", (
    Template(2, 6, ("(root) CMD (   cd / && run-parts --report /etc/cron.hourly)",)),
    Template(2, 6, ("pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",)),
    Template(2, 6, ("pam_unix(cron:session): session closed for user root",)),
))  # fmt: skip
SYSTEMD = Service("init.scope", "systemd", "/usr/lib/systemd/systemd", (
    Template(2, 6, ("Started session-", number(1, 9000), ".scope - Session ", number(1, 9000), " of User ", user, ".")),
    Template(2, 6, ("session-", number(1, 9000), ".scope: Deactivated successfully.")),
    Template(1, 6, ("Starting ", one_of("apt-daily", "logrotate", "fstrim", "man-db"), ".service...")),
    Template(1, 6, (one_of("apt-daily", "logrotate", "fstrim", "man-db"), ".service: Deactivated successfully.")),
))  # fmt: skip
KERNEL = Service("", "kernel", "", (
    Template(3, 4, ("[UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:", identity(1), ":", identity(1), ":", identity(1), " SRC=", address, " DST=", address,
                    " LEN=", number(40, 60), " TTL=", number(40, 250), " ID=", number(0, 65536), " PROTO=TCP SPT=", number(1024, 65536), " DPT=", one_of("23", "22", "445", "8080"), " SYN URGP=0")),
    Template(1, 6, ("device veth", identity(4), " entered promiscuous mode")),
))  # fmt: skip
NGINX = Service("nginx.service", "nginx", "/usr/sbin/nginx", (
    Template(20, 6, (address, ' - - "', one_of("GET", "POST", "PUT", "DELETE"), " ", path, ' HTTP/1.1" ', status, " ", number(120, 40_000), ' "-" "', agent, '"')),
    Template(0.3, 3, ("*", number(1, 900_000), " upstream timed out (110: Connection timed out) while reading response header from upstream, client: ", address,
                      ", request: \"GET ", path, " HTTP/1.1\", upstream: \"http://", address, ":8080\"")),
))  # fmt: skip
APP = Service("shop.service", "shop", "/opt/shop/bin/shop", (
    Template(10, 6, ('level=info msg="request done" path=', path, " status=", status, " duration=", seconds, " request=", identity(8), " user_id=", number(1, 40_000))),
    Template(3, 6, ('level=info msg="cache refreshed" keys=', number(100, 9000), " took=", seconds)),
    Template(0.5, 4, ('level=warn msg="slow query" duration=', seconds, " table=", one_of("orders", "items", "users"), " trace_id=", identity(16))),
    Template(0.1, 3, ('level=error msg="payment refused" order=', identity(6), " code=", number(400, 600), " trace_id=", identity(16))),
))  # fmt: skip
POSTGRES = Service("postgresql.service", "postgres", "/usr/lib/postgresql/15/bin/postgres", (
    Template(5, 6, ("LOG:  checkpoint complete: wrote ", number(10, 5000), " buffers (", number(0, 10), ".", number(0, 9), "%); write=", number(1, 270), ".", number(100, 999), " s")),
    Template(10, 6, ("LOG:  duration: ", number(100, 4000), ".", number(100, 999), " ms  statement: SELECT * FROM ", one_of("orders", "items", "users"), " WHERE id = ", number(1, 900_000))),
    Template(1, 3, ("ERROR:  duplicate key value violates unique constraint \"", one_of("orders", "items", "users"), "_pkey\"")),
))  # fmt: skip

BASE = ((SSHD, 4.0), (CRON, 1.5), (SYSTEMD, 2.0), (KERNEL, 2.0))
SERVICES = {
    "idle": BASE, "web": (*BASE, (NGINX, 60.0), (APP, 40.0)), "database": (*BASE, (POSTGRES, 40.0)),
    "batch": (*BASE, (APP, 15.0)),
}  # fmt: skip
"""What runs on each kind of machine, and how much it says beside the others."""
PER_HOUR = {"idle": 60, "web": 1200, "database": 500, "batch": 250}


def _fields(service: Service, boot: Boot) -> list[tuple[str, str]]:
    """The further fields of a service's entries: journald's own, the same for each of them."""
    if not service.unit:
        return [("_SOURCE_TYPE", "kernel")]
    invocation = Dice(boot.key, service.unit)
    return [
        ("_GID", "0"), ("_COMM", service.identifier.lower()), ("_EXE", service.binary), ("_CMDLINE", f"{service.binary} -D"),
        ("_CAP_EFFECTIVE", "1ffffffffff"), ("_SELINUX_CONTEXT", "unconfined\n"),
        ("_SYSTEMD_CGROUP", f"/system.slice/{service.unit}"), ("_SYSTEMD_SLICE", "system.slice"),
        ("_SYSTEMD_INVOCATION_ID", identity(16)(invocation, 1)[0].as_py()),
    ]  # fmt: skip


def _said(service: Service, template: Template, boot: Boot, dice: Dice, n: int, probe: Probe) -> pa.Table:
    """`n` entries of one template; their times lie evenly by chance over the boot."""
    times = pc.add(dice.whole(n, 0, boot.ticks * boot.every_ms * 1000), boot.first)
    texts = [pa.repeat(part, n) if isinstance(part, str) else part(dice, n) for part in template.parts]
    forked = service.identifier in ("sshd", "CRON", "postgres")
    message = _joined("", texts)
    columns = {
        "ts": times.cast(TYPES["ts"]), "host": pa.repeat(boot.machine.name, n), "boot_id": pa.repeat(boot.boot_id, n),
        "priority": pa.repeat(template.priority, n).cast(pa.int64()),
        "unit": pa.repeat(service.unit, n) if service.unit else pa.nulls(n, pa.string()),
        "identifier": pa.repeat(service.identifier, n),
        "pid": dice.whole(n, 1000, 400_000) if forked else pa.repeat(600 + boot.machine.number % 400, n).cast(pa.int64()),
        "uid": pa.repeat(0, n).cast(pa.int64()),
        "transport": pa.repeat("kernel" if not service.unit else "stdout" if service in (APP, NGINX) else "syslog", n),
        "message": message, "template": templates(message),
        "fields": pa.array([_fields(service, boot)], TYPES["map"]).take(pa.repeat(0, n)),
    }  # fmt: skip
    schema = arrow_schema(probe)
    arrays = [columns.get(f.name, pa.nulls(n, f.type)) for f in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def entries(probe: Probe, boot: Boot) -> pa.Table:
    """All that one boot of a machine put into its journal, in order of time; rows of the `log` table."""
    dice = Dice(boot.key, "log")
    services = SERVICES[boot.machine.kind]
    total = PER_HOUR[boot.machine.kind] * boot.ticks * boot.every_ms / 3_600_000
    weights = sum(share for _, share in services)
    said = []
    for service, share in services:
        own = sum(template.weight for template in service.templates)
        for template in service.templates:
            n = int(total * share / weights * template.weight / own + dice.one())
            said.append(_said(service, template, boot, dice, n, probe))
    return pa.concat_tables(said).sort_by("ts")
