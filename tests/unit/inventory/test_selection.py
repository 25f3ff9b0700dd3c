"""The selection language and hosts named on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import UsageError
from livedata.inventory.adhoc import adhoc, this_machine
from livedata.inventory.names import as_name, expand_range
from livedata.inventory.select import Atom, Both, Either, Not, evaluate, parse, select, write
from livedata.inventory.sshconfig import Local, SshConfig, read_ssh_config
from livedata.model.host import Host, Route, valid_name

LOCAL = Local("ann", 1000, "/home/ann", "desk", "/work")
HOSTS = (
    Host(
        "web-01",
        labels={"env": "prod", "rack": "row 1"},
        groups=("web",),
        route=Route("10.0.0.1", user="mon"),
    ),
    Host("web-02", labels={"env": "dev"}, groups=("web",)),
    Host("db-01", labels={"env": "prod", "role": "db"}, groups=("storage", "all-db")),
    Host("lone"),
)


T = TypeVar("T")


def attempt(make: Callable[[], T]) -> T | UsageError:
    try:
        return make()
    except UsageError as error:
        return error


def names(*expressions: str, hosts: tuple[Host, ...] = HOSTS) -> list[str]:
    return [h.name for h in select(hosts, expressions, adhoc(hosts, SshConfig(LOCAL)))]


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        ([], ["web-01", "web-02", "db-01", "lone"]),
        (["db-01"], ["db-01"]),
        (["web"], ["web-01", "web-02"]),
        (["web-*"], ["web-01", "web-02"]),
        (["*-0[1]"], ["web-01", "db-01"]),
        (["env=prod"], ["web-01", "db-01"]),
        (["env=*"], ["web-01", "web-02", "db-01"]),
        (["env!=prod"], ["web-02", "lone"]),
        (["web and not env=dev"], ["web-01"]),
        (["not web"], ["db-01", "lone"]),
        (["not not web"], ["web-01", "web-02"]),
        (["lone or web and env=dev"], ["web-02", "lone"]),
        (["(lone or web) and env=dev"], ["web-02"]),
        (["not (lone or web)"], ["db-01"]),
        (["not web and env=prod"], ["db-01"]),
        (['rack="row 1"'], ["web-01"]),
        (['"rack=row 1"'], ["web-01"]),
        (["lone", "web-01"], ["web-01", "lone"]),
        (["db-01", "db-01", "storage"], ["db-01"]),
        (["not env=nowhere"], ["web-01", "web-02", "db-01", "lone"]),
        ([" ( web-01 ) "], ["web-01"]),
    ],
)
def test_what_is_selected(expressions, expected):
    assert names(*expressions) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("wbe-01", "there is no host or group 'wbe-01'\n  did you mean web-01?"),
        ("storag", "there is no host or group 'storag'\n  did you mean storage?"),
        ("WEB-01", "there is no host or group 'WEB-01'\n  did you mean web-01?"),
        ("evn=prod", "no host has a label 'evn'\n  did you mean env?"),
        ("env=prdo", "no host's 'env' is 'prdo'\n  did you mean prod?"),
        ("web and lone", "no host is selected by 'web and lone'\n  livedata fleet hosts lists them"),
        ("web db-01", "'web db-01': 'and' or 'or' is missing before 'db-01'\n  such as: web and not env=dev"),
        ("web and", "'web and': a host is missing at the end\n  such as: web and not env=dev"),
        ("or web", "'or web': a host is missing before 'or'\n  such as: web and not env=dev"),
        ("(web", "'(web': a ')' is missing\n  such as: web and not env=dev"),
        ("web)", "'web)': 'and' or 'or' is missing before ')'\n  such as: web and not env=dev"),
        ("()", "'()': a host is missing before ')'\n  such as: web and not env=dev"),
        ('"web', "'\"web': a quote is left open"),
        ("", "'': an empty selection selects nothing"),
        (
            "\x1b[2J",
            "there is no host or group '\\x1b[2J'\n  there are: web-01, web-02, db-01, lone, all-db, storage, web",
        ),
        ("a@-oProxyCommand=x", None),
        ("x@", "'x@': '' can't be an address: it is empty"),
        ("@host", None),
        ("host:0", "'host:0': there is no port 0"),
        ("host:99999", "'host:99999': there is no port 99999"),
        ("u@ho$t", "'u@ho$t': 'ho$t' can't be an address: it holds a character no address has"),
        ("a;b@host", "'a;b@host': 'a;b' can't be a user"),
    ],
)
def test_what_cannot_be_selected_is_said(expression, message):
    with pytest.raises(UsageError) as raised:
        names(expression)
    if message is not None:
        assert str(raised.value) == message
    assert str(raised.value).replace("\n  ", "").isprintable()


def test_without_an_inventory_the_way_out_is_said():
    with pytest.raises(UsageError, match="user@host or host:port reaches one without it"):
        names("web-01", hosts=())


def test_a_deep_expression_is_refused():
    with pytest.raises(UsageError, match="more than 50 deep"):
        names("(" * 10_000 + "web")
    with pytest.raises(UsageError, match="more than 50 deep"):
        names("not " * 10_000 + "web")


TEXTS = st.text(alphabet=st.characters(exclude_characters='"', exclude_categories=["Cs"]), min_size=1).filter(
    lambda t: "=" not in t
)
EXPRESSIONS = st.recursive(
    st.one_of(TEXTS.map(Atom), st.builds(Atom, TEXTS, TEXTS.filter(lambda t: not t.endswith("!")))),
    lambda inner: st.one_of(
        st.builds(Not, inner), st.builds(Both, inner, inner), st.builds(Either, inner, inner)
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_an_expression_written_out_reads_the_same(expression):
    assert parse(write(expression)) == expression


KNOWN = st.sampled_from([Atom("web"), Atom("*-01"), Atom("lone"), Atom("prod", "env"), Atom("db", "role")])
SETS = st.recursive(
    KNOWN,
    lambda i: st.one_of(st.builds(Not, i), st.builds(Both, i, i), st.builds(Either, i, i)),
    max_leaves=6,
)


@given(SETS, SETS)
def test_expressions_follow_the_laws_of_sets(a, b):
    def chosen(expression):
        return evaluate(expression, HOSTS)

    assert chosen(Not(Not(a))) == chosen(a)
    assert chosen(Not(Both(a, b))) == chosen(Either(Not(a), Not(b)))
    assert chosen(Both(a, b)) <= chosen(a) <= chosen(Either(a, b))


@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(["(", ")", "and", "or", "not", "web", "env=", '"', "@", ":", "[", "]", " "])
        ).map(" ".join),
    )
)
def test_any_text_selects_or_is_a_usage_error(text):
    chosen = attempt(lambda: select(HOSTS, [text], adhoc(HOSTS, SshConfig(LOCAL))))
    if isinstance(chosen, UsageError):
        assert str(chosen).replace("\n  ", "").isprintable()
    else:
        assert all(valid_name(h.name) for h in chosen)


@pytest.mark.parametrize(
    ("text", "name", "user", "address", "port"),
    [
        ("root@10.0.0.9:2222", "10.0.0.9-2222", "root", "10.0.0.9", 2222),
        ("root@box", "box", "root", "box", 22),
        ("Box.example.com:22", "box.example.com", "ann", "box.example.com", 22),
        ("box:2200", "box-2200", "ann", "box", 2200),
        ("[2001:db8::1]:22", "ip6-2001-db8--1", "ann", "2001:db8::1", 22),
        ("::1", "ip6---1", "ann", "::1", 22),
        ("mon@fe80::1%eth0", "ip6-fe80--1-eth0", "mon", "fe80::1%eth0", 22),
        ("192.0.2.7", "192.0.2.7", "ann", "192.0.2.7", 22),
        ("ann@ad.example@box", "box", "ann@ad.example", "box", 22),
    ],
)
def test_hosts_named_on_the_spot(text, name, user, address, port):
    (host,) = select(HOSTS, [text], adhoc(HOSTS, SshConfig(LOCAL)))
    assert (host.name, host.route.user, host.route.address, host.route.port) == (name, user, address, port)
    assert valid_name(host.name)


def test_a_host_of_the_inventory_with_another_user_stays_that_host():
    (host,) = select(HOSTS, ["root@web-01:2222"], adhoc(HOSTS, SshConfig(LOCAL)))
    assert (host.name, host.labels, host.route) == (
        "web-01",
        HOSTS[0].labels,
        Route("10.0.0.1", 2222, "root"),
    )
    assert names("web", "root@web-01") == ["web-01", "web-02"]
    assert select(HOSTS, ["web", "root@web-01"], adhoc(HOSTS, SshConfig(LOCAL)))[0].route.user == "root"
    assert select(HOSTS, ["root@web-01", "web"], adhoc(HOSTS, SshConfig(LOCAL)))[0].route.user == "root"


def test_a_bare_name_of_ssh_config_is_a_host_if_it_is_no_pattern(tmp_path: Path):
    (tmp_path / "config").write_text("Host gate *.example.com\n HostName 192.0.2.1\n User mon\n")
    config = read_ssh_config(
        tmp_path / "config", Local("ann", tmp_path.stat().st_uid, "/home/ann", "desk", "/work")
    )
    (host,) = select(HOSTS, ["gate"], adhoc(HOSTS, config))
    assert (host.name, host.route.address, host.route.user) == ("gate", "192.0.2.1", "mon")
    with pytest.raises(UsageError):
        select(HOSTS, ["x.example.com"], adhoc(HOSTS, config))


def test_this_machine_is_read_without_ssh_under_its_own_name(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Desk_1.Example.com\n")
    host = this_machine()
    assert (host.name, host.transport) == ("desk_1.example.com", "local")


@given(st.text())
def test_a_name_is_made_of_anything(text):
    assert valid_name(as_name(text))


@given(st.text(alphabet="[]:0123a", max_size=14))
def test_a_range_gives_names_or_a_usage_error(text):
    made = attempt(lambda: expand_range(text))
    assert made is None or isinstance(made, UsageError) or len(made) == len(set(made)) > 0
