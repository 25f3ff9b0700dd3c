"""Log files of real hosts through logrotate's rotations, compared line by line with what the files hold; and hosts that keep no files, or show none."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fleet.host import TestHost, wait_for
from tests.fleet.hosts import Fleet
from tests.fleet.product import Product

QUICK = '[defaults]\nlogs = ["/srv/app/*.log"]\n[defaults.probes.log_file]\nevery = "1s"\n[defaults.probes.log_ring]\nevery = "1s"\n'
WRITER = """
i=0
while [ -e /srv/app/writing ]; do
  for file in created copied; do echo "$(date +%Y-%m-%dT%H:%M:%S.%N%:z) web app[7]: $file $i" >>/srv/app/$file.log; done
  i=$((i + 1))
done
"""
ROTATE = "/srv/app/{name}.log {{\n{lines}\n}}\n"
ALWAYS = ("rotate 99", "missingok")


@contextmanager
def writing(host: TestHost) -> Iterator[None]:
    """A process of the host's own that writes to two files as fast as it can."""
    host.exec("mkdir -p /srv/app; : >/srv/app/writing")
    host.exec(f"sh -c {shlex.quote(WRITER)} </dev/null >/dev/null 2>&1 &")
    try:
        yield
    finally:
        host.exec("rm -f /srv/app/writing; sleep 0.2")


def rotate(host: TestHost, *how: str) -> None:
    kinds = {"created": "create 644 root root", "copied": "copytruncate"}
    text = "".join(ROTATE.format(name=n, lines="\n".join((*ALWAYS, kind, *how))) for n, kind in kinds.items())
    (host.root / "root/rotate").write_text(text)
    (host.root / "root/rotate").chmod(0o644)
    host.exec("logrotate -f -s /root/state /root/rotate")


def there(host: TestHost) -> Counter[str]:
    """Every line that the files hold, in whatever generation."""
    return Counter(re.findall(r"web app\[7\]: (.+)", host.exec("cd /srv/app; zcat -f *.log*")))


def kept(product: Product) -> Counter[str]:
    return Counter(r["message"] for r in product.ask("SELECT message FROM log WHERE identifier = 'app'"))


def lost(product: Product) -> list[str]:
    return [
        r["detail"] for r in product.ask("SELECT detail FROM scrape WHERE probe = 'log_file' AND outcome = 'missed'") if "/srv" in r["detail"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    "how",
    [
        ("compress", "delaycompress"),
        pytest.param(("compress",), marks=pytest.mark.slow),
        pytest.param(("nocompress",), marks=pytest.mark.slow),
    ],
)
def test_each_line_comes_once_through_rotations_and_kills(
    fleet: Fleet, product: Product, how: tuple[str, ...]
) -> None:
    host = fleet.make("web-01", "dash")
    product.hosts(fleet.hosts, QUICK)
    with writing(host):
        for _ in range(2):
            with product.watching():  # ends by SIGKILL, in the middle of what it does
                product.soon("SELECT count(*) > 0 AS any FROM log")
                before = sum(kept(product).values())
                for _ in range(2):
                    rotate(host, *how)
                    wait_for(lambda n=before: sum(kept(product).values()) > n, 20, 0.3)
                    before = sum(kept(product).values())
            rotate(host, *how)
            rotate(host, *how)
    with product.watching():
        wanted = there(host)
        wait_for(lambda: not wanted - kept(product), 60, 0.5)
    came = kept(product)
    assert wanted - came == Counter()
    assert len(wanted) > 100
    # What is written between logrotate's copying and its emptying is in no file any more: who looked in between has it all the same.
    more = came - wanted
    assert all(message.startswith("copied") for message in more)
    assert set(came.values()) == {1}
    assert all("copied.log" in told for told in lost(product))
    assert not lost(product) or more


def test_who_may_not_read_a_file_is_told_what_mends_it(fleet: Fleet, product: Product) -> None:
    host = fleet.make("web-01", "dash")
    product.hosts(fleet.hosts)
    host.exec(
        "echo 'Nov 24 10:00:00 web-01 cron: x' >/var/log/syslog; chown root:tty /var/log/syslog; chmod 640 /var/log/syslog"
    )
    said = product.run("fleet", "check").stdout
    assert (
        "log_file: denied: mon may not read /var/log/syslog: run, as root there, usermod -aG tty mon" in said
    )
    (host.root / "etc/group").write_text(
        (host.root / "etc/group").read_text().replace("tty:x:5:", "tty:x:5:mon")
    )
    assert "log_file (1)" in product.run("fleet", "check").stdout


def test_a_ring_is_followed_and_what_was_overwritten_told(fleet: Fleet, product: Product) -> None:
    host = fleet.make("gate", "busybox")
    product.hosts(fleet.hosts, QUICK)
    host.exec(
        "mkdir -p /run/systemd/journal; syslogd -C4; sleep 1; for i in 1 2 3; do logger -t app $i; done"
    )
    with product.watching():
        product.soon("SELECT count(*) = 3 AS found FROM log WHERE identifier = 'app'")
        host.exec("for i in 4 5; do logger -t app $i; done")
        product.soon("SELECT count(*) = 5 AS found FROM log WHERE identifier = 'app'")
        assert set(kept(product).values()) == {1}
        host.exec("i=0; while [ $i -lt 400 ]; do logger -t app flood $i; i=$((i + 1)); done")
        product.soon(
            "SELECT count(*) > 0 AS told FROM scrape WHERE probe = 'log_ring' AND outcome = 'missed' AND detail LIKE '%overwritten%'"
        )
        product.soon("SELECT count(*) = 1 AS there FROM log WHERE message = 'flood 399'")
    assert set(kept(product).values()) == {1}


def test_the_systems_own_file_is_read_to_its_end_though_no_new_one_is_made(
    fleet: Fleet, product: Product
) -> None:
    host = fleet.make("web-01", "dash")
    product.hosts(fleet.hosts, QUICK)
    say = "echo \"$(date '+%b %e %H:%M:%S') web-01 app[7]: {}\" >>/var/log/messages"
    # What another logger left there years ago is not what is written to.
    host.exec(f"echo 'Jan  1 10:00:00 web-01 app[7]: old' >/var/log/syslog.1; {say.format('first')}")
    with product.watching():
        product.soon("SELECT count(*) > 0 AS there FROM log")
        host.exec(f"{say.format('last')}; mv /var/log/messages /var/log/messages.1; sleep 4")
        wait_for(lambda: kept(product)["last"], 20, 0.3)
        host.exec(say.format("new"))
        wait_for(lambda: kept(product)["new"], 20, 0.3)
    assert kept(product) == Counter(["first", "last", "new"])
    assert product.ask("SELECT detail FROM scrape WHERE probe = 'log_file' AND detail LIKE '%gone%'") == []
