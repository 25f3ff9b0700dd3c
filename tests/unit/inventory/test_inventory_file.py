"""The inventory's file: what it may say, what comes before what, and how each mistake is answered."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livedata.errors import InventoryError
from livedata.inventory.file import load_inventory
from livedata.inventory.lines import key_lines
from livedata.inventory.schema import GroupModel, HostKeys, HostModel, ProbeModel
from livedata.inventory.sshconfig import Local, SshConfig, read_ssh_config
from livedata.model.host import Host, Settings, valid_name

ROOT = Path(__file__).parents[3]
LOCAL = Local(user="ann", uid=1000, home="/home/ann", hostname="desk.example.com", cwd="/work")


@pytest.fixture
def load(tmp_path: Path):
    """Loads a text as inventory, beside a text as ~/.ssh/config."""

    def loaded(text: str, ssh: str = "") -> dict[str, Host]:
        (tmp_path / "config").write_text(ssh)
        (tmp_path / "inventory.toml").write_text(text, encoding="utf-8")
        config = read_ssh_config(
            tmp_path / "config", Local("ann", (tmp_path).stat().st_uid, "/home/ann", "desk", "/work")
        )
        return {h.name: h for h in load_inventory(tmp_path / "inventory.toml", config)}

    return loaded


def attempt(path: Path) -> tuple[Host, ...] | InventoryError:
    try:
        return load_inventory(path, SshConfig(LOCAL))
    except InventoryError as error:
        return error


def test_a_name_alone_is_a_host_and_ssh_config_says_the_rest(load):
    host = load("[hosts.web-01]", "Host web-01\n HostName 10.0.0.1\n User mon\n Port 2222")["web-01"]
    assert (host.transport, host.route.address, host.route.user, host.route.port) == (
        "ssh",
        "10.0.0.1",
        "mon",
        2222,
    )
    assert (host.proc_root, host.sys_root, dict(host.labels), host.groups) == ("/proc", "/sys", {}, ())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('hosts = ["web-[08:11]", "db-01"]', ["web-08", "web-09", "web-10", "web-11", "db-01"]),
        ('hosts = ["r[1:2]n[1:2]"]', ["r1n1", "r1n2", "r2n1", "r2n2"]),
        ('[hosts."web-[1:2]"]', ["web-1", "web-2"]),
        ('[hosts.a]\n[groups.g]\nhosts = ["b", "a"]', ["a", "b"]),
        ("", []),
        ("[groups.g]", []),
    ],
)
def test_the_hosts_a_file_names_in_its_order(load, text, names):
    assert list(load(text)) == names


def test_a_host_comes_before_its_groups_in_order_before_defaults_before_ssh_config(load):
    hosts = load(
        """
        [defaults]
        user = "d"
        port = 1
        connect_timeout = 1
        labels = { a = "d", b = "d", c = "d", d = "d" }
        probes.cpu = { every = 1, timeout = 1 }
        [groups.first]
        hosts = ["z"]
        port = 2
        labels = { a = "first", b = "first" }
        probes.cpu.every = 2
        [groups.second]
        connect_timeout = 3
        port = 3
        labels = { b = "second", c = "second" }
        probes.cpu = { every = 3, timeout = 3 }
        [hosts.x]
        groups = ["first", "second"]
        labels = { a = "host" }
        probes.cpu.enabled = false
        [hosts.y]
        groups = ["second", "first"]
        [hosts.z]
        """,
        "Host x y z\n User ssh\n Port 4\n HostName here.example.com",
    )
    x, y, z = hosts["x"], hosts["y"], hosts["z"]
    assert (x.route.user, x.route.port, x.route.connect_timeout, x.route.address) == (
        "d",
        2,
        3.0,
        "here.example.com",
    )
    assert dict(x.labels) == {"a": "host", "b": "first", "c": "second", "d": "d"}
    assert x.probes["cpu"] == Settings(enabled=False, every=2, timeout=3)
    assert (y.route.port, y.labels["b"], y.groups) == (3, "second", ("second", "first"))
    assert y.probes["cpu"] == Settings(every=3, timeout=3)
    assert (z.route.port, z.groups, z.probes["cpu"]) == (2, ("first",), Settings(every=2, timeout=1))


def test_a_group_takes_globs_of_hosts_named_elsewhere(load):
    hosts = load('hosts = ["web-01", "web-02", "db-01"]\n[groups.web]\nhosts = ["web-*"]\nuser = "w"')
    assert [h.route.user for h in hosts.values()] == ["w", "w", "ann"]


def test_paths_start_at_home_or_at_the_inventory(load, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/bea")
    host = load('[hosts.a]\nidentity_file = ["~/k", "keys/{x}", "/k"]\nknown_hosts = "known"')["a"]
    assert host.route.identity_files == ("/home/bea/k", str(tmp_path / "keys/{x}"), "/k")
    assert host.route.known_hosts[0] == str(tmp_path / "known")


def test_an_identity_file_replaces_those_of_ssh_config(load):
    assert load('[hosts.a]\nidentity_file = "/k"', "IdentityFile /other")["a"].route.identity_files == ("/k",)


def test_the_name_may_stand_in_an_address(load):
    hosts = load('hosts = ["a", "b"]\n[defaults]\naddress = "{name}.example.com"')
    assert [h.route.address for h in hosts.values()] == ["a.example.com", "b.example.com"]


def test_host_patterns_see_the_address_too(load):
    ssh = "Host 10.*\n User net\nHost db\n Port 2222"
    route = load('[hosts.db]\naddress = "10.0.0.9"', ssh)["db"].route
    assert (route.user, route.port, route.address) == ("net", 2222, "10.0.0.9")


@pytest.mark.parametrize("address", ["10.0.0.1", "::1", "fe80::1%eth0", "db.example.com", "a_b"])
def test_addresses_that_are_taken(load, address):
    assert load(f'[hosts.db]\naddress = "{address}"')["db"].route.address == address


def test_a_jump_by_a_host_of_the_inventory_goes_by_what_it_says(load):
    hosts = load(
        '[defaults]\njump = "gate"\nuser = "mon"\n[hosts.gate]\naddress = "192.0.2.1"\nport = 2200\njump = "none"\n'
        '[hosts.a]\n[hosts.b]\njump = "me@other,gate"'
    )
    assert hosts["gate"].route.jumps == ()
    assert hosts["a"].route.jumps == (hosts["gate"].route,)
    assert [(j.user, j.address, j.port) for j in hosts["b"].route.jumps] == [
        ("me", "other", 22),
        ("mon", "192.0.2.1", 2200),
    ]


def test_local_and_replay_have_no_route(load, tmp_path):
    hosts = load(
        '[defaults]\njump = "x"\n[hosts.a]\ntransport = "local"\n[hosts.b]\ntransport = "replay"\nrecording = "r"'
    )
    assert [(h.transport, h.route.address, h.route.jumps) for h in hosts.values()] == [
        ("local", "", ()),
        ("replay", "", ()),
    ]
    assert hosts["b"].recording == str(tmp_path / "r")


# Each mistake: the text, the line, what is said, the hint.
MISTAKES = [
    ("[hosts.a]\nprot = 22", 2, "there is no key 'prot' in [hosts.a]", "did you mean port?"),
    ("[defaults]\nusr = 'x'", 2, "there is no key 'usr' in [defaults]", "did you mean user?"),
    ("[defaults]\n\n[groups.g]\nhost = []", 4, "there is no key 'host' in [groups.g]", "did you mean hosts?"),
    ("[defaults]\nhosts = []", 2, "there is no key 'hosts' in [defaults]", None),
    ("[host.a]", 1, "there is no key 'host'", "did you mean hosts?"),
    ("[default]", 1, "there is no key 'default'", "did you mean defaults?"),
    ("[hosts.a.probes.cpu]\nevrey = 1", 2, "there is no key 'evrey' in [hosts.a.probes.cpu]", "did you mean every?"),
    ("[hosts.a]\nprobes.cpu = {evrey = 1}", 2, "there is no key 'evrey' in [hosts.a.probes.cpu]", "did you mean every?"),
    ("[hosts.a]\nport = '22'", 2, "'port' in [hosts.a] is '22'", "it must be a whole number, without quotes"),
    ("[hosts.a]\nport = 0", 2, "'port' in [hosts.a] is 0", "it must be greater than or equal to 1"),
    ("[hosts.a]\nport = 70000", 2, "'port' in [hosts.a] is 70000", "it must be less than or equal to 65535"),
    ("[hosts.a]\nuser = 1", 2, "'user' in [hosts.a] is 1", "it must be text, in quotes"),
    ("[hosts.a]\nuser = '-oProxyCommand=x'", 2, "'-oProxyCommand=x' can't be a user", ""),
    ("[hosts.a]\nuser = 'a;b'", 2, "'a;b' can't be a user", ""),
    ("[hosts.a]\naddress = '-oProxyCommand=x'", 2, "'-oProxyCommand=x' can't be an address: it begins with '-'", ""),
    ("[hosts.a]\naddress = 'a b'", 2, "'a b' can't be an address: it holds a character no address has", ""),
    ("[hosts.a]\naddress = '$(id)'", 2, "'$(id)' can't be an address: it holds a character no address has", ""),
    ('[hosts.a]\naddress = "a\\nb"', 2, "'a\\nb' can't be an address: it holds a character no address has", ""),
    ("[hosts.a]\naddress = ''", 2, "'' can't be an address: it is empty", ""),
    ("[hosts.a]\naddress = 'a:22'", 2, "'a:22' can't be an address: it is no IPv6 address; a port is said apart", ""),
    ("[groups.g]\naddress = 'x'", 2, "'x' would be the address of several hosts", "put {name} in it, as in '{name}.example.com'"),
    ("[hosts.a]\nlabels = ['x']", 2, "'labels' in [hosts.a] is ['x']", "it must be a table"),
    ("[hosts.a]\nlabels = {env = 1}", 2, "'env' in [hosts.a.labels] is 1", "it must be text, in quotes"),
    ("[hosts.a.labels]\n'a b' = 'x'", 2, "'a b' can't be a label: letters, digits, '_', '-' and '.'", ""),
    ('[hosts.a.labels]\nx = "\\u001b[2J"', 2, "'\\x1b[2J' holds control characters", ""),
    ("[hosts.a]\ntransport = 'telnet'", 2, "'transport' in [hosts.a] is 'telnet'", "it must be 'ssh', 'local' or 'replay'"),
    ("[hosts.a]\n\ntransport = 'replay'", 1, "'a' is a replay without a recording", "recording = 'FOLDER' says which"),
    ("[hosts.a]\nproc_root = 'proc'", 2, "'proc' is no absolute path", ""),
    ("[hosts.a]\nidentity_file = []", 2, "'identity_file' in [hosts.a] is []", None),
    ("[hosts.a]\nidentity_file = [1]", 2, "'identity_file' in [hosts.a] is [1]", None),
    ("[hosts.a]\nknown_hosts = 'none'", 2, "'none' can't be known_hosts: host keys are always checked", ""),
    ("[hosts.a]\nknown_hosts = ['/dev/null']", 2, "'/dev/null' can't be known_hosts: host keys are always checked", ""),
    ("[hosts.a]\nconnect_timeout = inf", 2, "'connect_timeout' in [hosts.a] is inf", None),
    ("[hosts.a]\nprobes.cpu.every = 0", 2, "'every' in [hosts.a.probes.cpu] is 0", "it must be greater than 0"),
    ("[hosts.a]\nprobes.cpu.enabled = 1", 2, "'enabled' in [hosts.a.probes.cpu] is 1", "it must be true or false, without quotes"),
    ("[hosts.a]\ngroups = ['wbe']\n[groups.web]", 2, "there is no group 'wbe'", "did you mean web?"),
    ("hosts = ['web']\n[groups.g]\nhosts = ['db*']", 3, "'db*' matches no host", None),
    ("hosts = 5", 1, "'hosts' is 5", "it must be a list of names, in [ ], or tables [hosts.NAME]"),
    ("hosts = ['a', 5]", 1, "'hosts' is ['a', 5]", "it must be a list of names, in [ ], or tables [hosts.NAME]"),
    ("defaults = 5", 1, "'defaults' is 5", "it must be a table"),
    ("hosts = ['a', 'a']", 1, "the host 'a' stands here a second time", ""),
    ("[hosts.a1]\n[hosts.'a[1:2]']", 2, "the host 'a1' stands here a second time", ""),
    ("[hosts.web]\n[hosts.WEB]", 2, "the hosts 'web' and 'WEB' differ only in case", ""),
    ("[hosts.a]\n[hosts.b]\n[hosts.a]", 3, "the table [hosts.a] stands here a second time", ""),
    ("[hosts.a]\nport = 1\nport = 2", 3, "'port' stands here a second time", ""),
    ("hosts = ['x[9:1]']", 1, "the range [9:1] goes backwards", ""),
    ("hosts = ['x[1:99999]']", 1, "the range [1:99999] stands for more than 10000 names", ""),
    ("hosts = ['x[1:200][1:200]']", 1, "'x[1:200][1:200]' stands for more than 10000 names", ""),
    ("[hosts.a]\njump = 'a'", 1, "ProxyJump goes round in a circle: a → a", None),
    ("[hosts.a]\njump = 'b,,c'", 1, "'' can't be an address: it is empty", ""),
    ("[hosts.a]\njump = 'x:y:z'", 1, "'x:y:z' is no host to jump by", "[user@]host[:port], …"),
    ("[groups.web]\n[hosts.web]", 2, "'web' is both a host and a group", ""),
    ("[groups.'a b']", 1, "'a b' can't be a group's name", None),
    ("[hosts.a]\nport = ", 2, "this is no TOML: invalid value", ""),
    ("[hosts.a\nport = 1", 1, "this is no TOML: expected ']' at the end of a table declaration", ""),
    ("x = " + "[" * 5000, None, "its values are nested too deep", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "problem", "hint"), MISTAKES, ids=[repr(m[0])[:60] for m in MISTAKES]
)
def test_a_mistake_is_answered_with_its_line_and_the_nearest_key(load, tmp_path, text, line, problem, hint):
    with pytest.raises(InventoryError) as raised:
        load(text)
    error = raised.value
    path = str(tmp_path / "inventory.toml")
    assert error.where == (f"{path}:{line}" if line else path)
    assert (
        error.problem.startswith(problem) if hint is None else (error.problem, error.hint) == (problem, hint)
    )


HOSTILE = [
    "../x",
    "a'b",
    "a\nb",
    "-oProxyCommand=touch /x",
    "\x1b[2Jx",
    "a b",
    "",
    "..",
    "a/b",
    "ä",
    "a..b",
    ".a",
    "x" * 200,
    "a\x00b",
    "\u202ea",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", ["[hosts.{}]", "hosts = [{}]", "[groups.g]\nhosts = [{}]"])
def test_hostile_names_are_refused_and_shown_without_harm(load, name, form):
    quoted = '"' + "".join(f"\\u{ord(c):04x}" for c in name) + '"'
    with pytest.raises(InventoryError) as raised:
        load(form.format(quoted))
    assert str(raised.value).replace("\n  ", "").isprintable()
    assert raised.value.where.rpartition(":")[2] == str(form.count("\n") + 1)


def test_a_hostile_file_name_is_shown_without_harm(tmp_path):
    path = tmp_path / "a\x1b[31m\n.toml"
    path.write_text("x = 1")
    with pytest.raises(InventoryError) as raised:
        load_inventory(path, SshConfig(LOCAL))
    assert raised.value.where.endswith("a\\x1b[31m\\n.toml:1")


def test_what_is_no_text_or_no_file_is_said(tmp_path):
    path = tmp_path / "inventory.toml"
    path.write_bytes(b"[hosts.a]\n\xff")
    with pytest.raises(InventoryError, match="no UTF-8 text: invalid start byte at byte 10"):
        load_inventory(path, SshConfig(LOCAL))
    with pytest.raises(InventoryError, match="can't read it: Is a directory"):
        load_inventory(tmp_path, SshConfig(LOCAL))


PIECES = st.sampled_from(
    ["[hosts.", "a", "]", "\n", "=", '"', "'", "{", "}", ",", ".", "[groups.g]", "labels", "port", "22", "hosts", "probes", "#", '"""', "[", ":"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
@example("x = 1" + "0" * 5000)
@example("x = 2020-13-45")
@example("hosts = ['\U0010ffff']")
def test_any_text_loads_or_is_an_inventory_error(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    hosts = attempt(path)
    if isinstance(hosts, InventoryError):
        assert hosts.where.startswith(str(path))
    else:
        assert all(valid_name(h.name) for h in hosts)


KEYS = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True), st.text(max_size=4))
VALUES = st.sampled_from(
    [
        "1",
        '"a = [b]"',
        "'''\nx = 1\n[no]\n'''",
        '["#", "]",\n "z"]',
        "{ in = { deep = 1 }, b = '}' }",
        "[[1, 2],\n # [c]\n [3]]",
    ]
)


def quote(key: str) -> str:
    return (
        key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else '"' + "".join(f"\\U{ord(c):08x}" for c in key) + '"'
    )


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=4))
def test_every_key_is_found_on_its_line(tables):
    text, expected = "", {}
    for table, keys in tables.items():
        expected[table,] = text.count("\n") + 1
        text += f"[{quote(table)}] # [comment\n"
        for key, value in keys.items():
            expected[table, key] = text.count("\n") + 1
            text += f"  {quote(key)} = {value} # = ]\n\n"
    tomllib.loads(text)
    lines = key_lines(text)
    assert {k: v for k, v in lines.items() if k in expected} == expected


def test_the_example_shows_every_key_once_and_loads():
    path = ROOT / "inventory.example.toml"
    text = path.read_text(encoding="utf-8")
    said = re.findall(r"^([a-z_]+) = ", text, re.MULTILINE)
    models = (HostKeys, GroupModel, HostModel, ProbeModel)
    assert sorted(said) == sorted({key for m in models for key in m.model_fields} - {"probes"})
    assert "[defaults.probes." in text
    hosts = load_inventory(path, SshConfig(LOCAL))
    assert {h.transport for h in hosts} == {"ssh", "replay"}


def test_the_guide_names_every_key():
    text = (ROOT / "docs" / "inventory.md").read_text(encoding="utf-8")
    for model in (HostKeys, GroupModel, HostModel, ProbeModel):
        for key in model.model_fields:
            assert f"`{key}`" in text, key


def test_durations_as_probes_write_them(tmp_path: Path) -> None:
    path = tmp_path / "inventory.toml"
    path.write_text('[hosts.a]\nconnect_timeout = "5s"\nprobes.cpu.every = "2m"\nprobes.log.every = 15\n')
    (host,) = load_inventory(path, read_ssh_config(tmp_path / "none"))
    assert (host.route.connect_timeout, host.probes["cpu"].every, host.probes["log"].every) == (5, 120, 15)
    path.write_text('[hosts.a]\nprobes.cpu.every = "soon"\n')
    with pytest.raises(InventoryError, match="a duration such as"):
        load_inventory(path, read_ssh_config(tmp_path / "none"))
