"""Reading ~/.ssh/config: includes, what is refused or spoken of, and that any text is survived. The rest: the oracle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import InventoryError
from livedata.inventory.keywords import CAUTIONS, FORCED_OFF, HONOURED, IGNORED
from livedata.inventory.resolve import resolve
from livedata.inventory.sshconfig import Local, SshConfig, read_ssh_config, split_words, this_user
from livedata.model.host import Route

ROOT = Path(__file__).parents[3]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".ssh").mkdir()
    return tmp_path


@pytest.fixture
def read(home: Path):
    def reader(text: str, **environ: str) -> SshConfig:
        path = home / ".ssh" / "config"
        path.write_text(text)
        return read_ssh_config(
            path, Local("ann", os.getuid(), str(home), "desk.example.com", "/work", environ)
        )

    return reader


def attempt(path: Path, name: str) -> Route | InventoryError:
    try:
        return resolve(
            read_ssh_config(path, Local("ann", os.getuid(), str(path.parent), "desk", "/work")), name
        )
    except InventoryError as error:
        return error


def told(config: SshConfig, name: str) -> tuple[Route, list[str]]:
    warnings = list(config.warnings)
    return resolve(config, name, warn=warnings.append), warnings


def test_a_user_without_a_name_in_a_removed_folder_is_a_user_still(monkeypatch):
    def missing(*_):
        raise KeyError

    def removed():
        raise FileNotFoundError

    monkeypatch.setattr("pwd.getpwuid", missing)
    monkeypatch.setattr(os, "getcwd", removed)
    local = this_user({"HOME": "/home/u"})
    assert (local.user, local.home, local.cwd) == (str(os.getuid()), "/home/u", "/home/u")


def test_no_file_is_an_empty_one(home):
    config = read_ssh_config(home / "none", Local("ann", 1, str(home), "desk", "/work"))
    assert resolve(config, "Web-01") == Route("web-01", user="ann")


def test_include_is_relative_to_the_ssh_folder_globbed_and_in_order(read, home):
    (home / ".ssh" / "conf.d").mkdir()
    (home / ".ssh" / "conf.d" / "2").write_text("Host a\n Port 2\n User two\n")
    (home / ".ssh" / "conf.d" / "1").write_text("Host a\n Port 1\n")
    (home / "other").write_text("Host a\n IdentityFile /k\n")
    config = read(
        f"Include conf.d/* {home}/other\nInclude ~/missing none-*\nHost a\n Port 3\n ConnectTimeout 7\n"
    )
    route = resolve(config, "a")
    assert (route.port, route.user, route.identity_files, route.connect_timeout) == (1, "two", ("/k",), 7.0)


def test_an_include_within_a_block_counts_where_the_block_does(read, home):
    (home / ".ssh" / "more").write_text("User inner\nHost b c\n Port 9\n")
    config = read("Host a b\n Include more\n ConnectTimeout 7\nHost c\n User c\n")
    assert [
        (resolve(config, n).user, resolve(config, n).port, resolve(config, n).connect_timeout) for n in "abc"
    ] == [
        ("inner", 22, 7.0),
        ("inner", 9, 7.0),
        ("c", 22, 10.0),
    ]


def test_includes_that_go_round_end(read):
    with pytest.raises(InventoryError, match="include one another more than 16 deep") as raised:
        read("\nInclude config")
    assert raised.value.where.endswith("config:2")


@pytest.mark.parametrize(("mode", "refused"), [(0o644, False), (0o664, False), (0o646, True)])
def test_a_file_that_others_may_write_is_refused(read, home, mode, refused):
    read("Host a")
    path = home / ".ssh" / "config"
    path.chmod(mode)
    local = Local("ann", os.getuid(), str(home), "desk", "/work")
    if refused:
        with pytest.raises(InventoryError, match="others may write to it"):
            read_ssh_config(path, local)
    else:
        assert read_ssh_config(path, local).names == ("a",)


def test_a_file_that_another_user_owns_is_refused(read, home, monkeypatch):
    read("Host a")
    real = os.fstat

    def foreign(descriptor):
        return os.stat_result([*real(descriptor)[:4], 4711, *real(descriptor)[5:]])

    monkeypatch.setattr(os, "fstat", foreign)
    with pytest.raises(InventoryError, match="others may write to it"):
        read("Host a")


def test_tokens_and_environment_where_ssh_allows_them(read, home):
    config = read(
        "IdentityFile ~/k/%h-%n-%p-%r-%u-%i-%%-${STAGE}\nCertificateFile %d/%L.%l\nIdentityAgent ${SOCK}\n"
        "UserKnownHostsFile ~/%k relative\nHostKeyAlias al\nHostName %h.example.com\nUser mon\nPort 2222\n",
        STAGE="dev",
        SOCK="/run/agent",
    )
    route = resolve(config, "a")
    assert route.identity_files == (f"{home}/k/a.example.com-a-2222-mon-ann-{os.getuid()}-%-dev",)
    assert route.certificate_files == (f"{home}/desk.desk.example.com",)
    assert route.agent == "/run/agent"
    assert route.known_hosts[:2] == (f"{home}/al", "/work/relative")
    assert "/etc/ssh/ssh_known_hosts" in route.known_hosts


@pytest.mark.parametrize(
    ("agent", "expected"),
    [("none", ""), ("SSH_AUTH_SOCK", None), ("$SOCK", "/s"), ("$NONE", ""), ("~/s", "HOME/s")],
)
def test_agents(read, home, agent, expected):
    assert resolve(read(f"IdentityAgent {agent}", SOCK="/s"), "a").agent == (
        expected and expected.replace("HOME", str(home))
    )


def test_no_identity_at_all(read):
    assert resolve(read("IdentityFile none"), "a").identity_files == ("/dev/null",)


@pytest.mark.parametrize("value", ["none", "/dev/null", "NONE", "/dev/null /dev/null"])
def test_that_no_host_key_is_known_is_refused_with_a_sentence(read, home, value):
    route, warnings = told(read(f"UserKnownHostsFile {value}\n"), "a")
    assert route.known_hosts[0] == f"{home}/.ssh/known_hosts"
    assert "none" not in [p.rpartition("/")[2].lower() for p in route.known_hosts]
    assert warnings == [
        f"{home}/.ssh/config:1: UserKnownHostsFile {value} is refused, host keys are always checked: ~/.ssh/known_hosts is taken"
    ]


def test_dev_null_beside_a_file_is_left_out(read, home):
    route, warnings = told(read("UserKnownHostsFile /h /dev/null\nGlobalKnownHostsFile none\n"), "a")
    assert (route.known_hosts, warnings) == (("/h",), [])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("StrictHostKeyChecking no", "StrictHostKeyChecking no is not honoured: host keys are always checked"),
        ("StrictHostKeyChecking accept-new", "StrictHostKeyChecking accept-new is not honoured"),
        ("RevokedHostKeys /x", "RevokedHostKeys /x is not honoured"),
        ("KnownHostsCommand /x", "KnownHostsCommand /x is not honoured"),
        ("Match exec \"touch /x\"\nUser x", "Match 'exec' is not honoured (and never run): its lines are left out"),
        ("Match host a exec false\nUser x", "Match 'exec' is not honoured"),
        ("Match final all\nUser x", "Match 'final' is not honoured"),
        ("Match tagged x\nUser x", "Match 'tagged' is not honoured"),
        ("Hostnam x", "ssh has no keyword 'Hostnam'; did you mean HostName?"),
        ("Wibble \x1b[2J", "ssh has no keyword 'Wibble'"),
    ],
)  # fmt: skip
def test_what_is_not_honoured_is_said(read, line, words):
    route, warnings = told(read(line), "a")
    assert route == Route("a", user="ann")
    assert [words in w and ":1: " in w and w.isprintable() for w in warnings] == [True]


@pytest.mark.parametrize(
    "line",
    [
        "StrictHostKeyChecking yes",
        "StrictHostKeyChecking ask",
        "Host b\nRevokedHostKeys /x",
        "ForwardAgent yes\nSendEnv *",
    ],
)
def test_what_changes_nothing_is_not_spoken_of(read, line):
    assert told(read(line), "a") == (Route("a", user="ann"), [])


def test_match_exec_is_never_run(read, home):
    told(read(f"Match exec \"touch {home}/ran\"\n User x\nMatch !exec 'touch {home}/ran'\n User x"), "a")
    assert not (home / "ran").exists()


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("ProxyJump gate\n", 1, "ProxyJump goes round in a circle: a → gate → gate"),
        (
            "Host a\nProxyJump b\nHost b\nProxyJump c\nHost c\nProxyJump a",
            6,
            "ProxyJump goes round in a circle: a → b → c → a",
        ),
        ("ProxyJump x%h", 1, "ProxyJump goes round in a circle: a → xa → xxa"),
        ("ProxyJump -oProxyCommand=x", 1, "'-oProxyCommand=x' can't be an address: it begins with '-'"),
        ("ProxyJump -l@gate", 1, "'-l' can't be a user"),
        ("HostName -oProxyCommand=x", 1, "'-oProxyCommand=x' can't be an address: it begins with '-'"),
        ("HostName $(id)", 1, "'$(id)' can't be an address: it holds a character no address has"),
        ("User a;b\nProxyCommand x %r", 1, "'a;b' can't be a user"),
        ("\nPort 0", 2, "'0' is no port"),
        ("Port ssh", 1, "'ssh' is no port"),
        ("ConnectTimeout soon", 1, "'soon' is no time to wait for a connection"),
        ("IdentityFile %Z", 1, "there is no token '%Z' here"),
        ("IdentityFile x%", 1, "there is no token '%' here"),
        ("ProxyCommand nc %u", 1, "there is no token '%u' here"),
        ("IdentityFile ${NOT}/x", 1, "the environment has no 'NOT'"),
    ],
)
def test_a_value_that_cannot_be_used_is_said_with_its_line(read, text, line, problem):
    with pytest.raises(InventoryError) as raised:
        resolve(read(text), "a")
    assert raised.value.problem.startswith(problem)
    assert raised.value.where.endswith(f"/.ssh/config:{line}")


def test_a_value_that_cannot_be_used_does_not_trouble_other_hosts(read):
    assert resolve(read("Host b\n Port x\n ProxyJump b"), "a") == Route("a", user="ann")


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("Host", 1, "'Host' says nothing"),
        ("\nUser # x", 2, "'User' says nothing"),
        ("User a b", 1, "User takes one value, not 2"),
        ('User "a', 1, "a quote is left open after 'User'"),
        ("Match", 1, "'Match' says nothing"),
        ("Match host", 1, "Match host says no pattern"),
        ("=x", 1, "this line has no keyword: '=x'"),
        ("Host \x00", 1, "there is a NUL byte in this line"),
    ],
)
def test_a_line_that_cannot_be_read_is_said(read, text, line, problem):
    with pytest.raises(InventoryError) as raised:
        read(text)
    assert (raised.value.problem, raised.value.where.rpartition(":")[2]) == (problem, str(line))


def test_a_proxy_command_is_run_by_a_shell_as_ssh_does(read):
    config = read("ProxyCommand ssh -W '[%h]:%p' %r@gate # all of it\nHostName ::1\nUser mon\nPort 2222\n")
    assert resolve(config, "a").proxy_command == ("sh", "-c", "exec ssh -W '[::1]:2222' mon@gate # all of it")


def test_jumps_by_ipv6_and_uri(read):
    config = read("Host a\nProxyJump me@[::1]:2222, ssh://gate\n".replace(", ", ","))
    assert [(j.user, j.address, j.port) for j in resolve(config, "a").jumps] == [
        ("me", "::1", 2222),
        ("ann", "gate", 22),
    ]


def test_the_names_a_file_has(read):
    assert read("Host a b* !c 'd e'\nHost a f\nMatch host g\n").names == ("a", "d e", "f")


WORDS = st.sampled_from(
    ["Host", "Match", "Include", "User", "Port", "ProxyJump", "ProxyCommand", "UserKnownHostsFile", "HostName", "all", "host",
     "exec", "a", "*", "!", "%h", "%", "${", "}", '"', "'", "\\", "#", "=", ",", " ", "\n", "\t", "none", "22", "@", ":", "~"]
)  # fmt: skip


@given(
    st.one_of(st.text(), st.lists(WORDS).map(" ".join), st.lists(WORDS).map("".join)),
    st.sampled_from(["a", "b.c", "10.0.0.1"]),
)
def test_any_text_resolves_or_is_an_inventory_error(tmp_path_factory, text, name):
    path = tmp_path_factory.getbasetemp() / "any_config"
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    route = attempt(path, name)
    if isinstance(route, InventoryError):
        assert route.where.startswith(str(path))
    else:
        assert 1 <= route.port <= 65535
        assert not route.address.startswith("-")


@given(st.binary())
def test_any_bytes_are_read_or_are_an_inventory_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "bytes_config"
    path.write_bytes(b"Host a\nUser " + data)
    assert str(attempt(path, "a")).replace("\n  ", "").isprintable()


@given(st.text(alphabet=" \t\"'\\#ab"))
def test_words_lose_nothing_but_quotes_spaces_and_comments(text):
    words = split_words(text)
    if words is not None:
        assert all(set(w) <= set(" \t\"'\\#ab") for w in words)
        assert (
            split_words(" ".join('"' + w.replace("\\", "\\\\").replace('"', '\\"') + '"' for w in words))
            == words
        )


def test_a_thousand_hosts_try_no_thousand_blocks_each(read):
    """What makes it cheap: a host looks at its own blocks and the general ones, not at every other host's."""
    from livedata.inventory.sshconfig import walk

    config = read("".join(f"Host h{i}\n User u{i}\n" for i in range(1000)) + "Host *\n Port 2\n")
    assert len(list(walk(config, ("h500",)))) <= 3
    assert (resolve(config, "h500").user, resolve(config, "h500").port) == ("u500", 2)


def test_the_guide_tells_every_keyword_that_matters():
    text = (ROOT / "docs" / "inventory.md").read_text(encoding="utf-8")
    honoured, cautions, never = [
        next(line for line in text.splitlines() if line.startswith(f"| {start}"))
        for start in ("honoured", "not hon", "never")
    ]
    assert honoured == f"| honoured | {', '.join(HONOURED)} |"
    assert f"| {', '.join(CAUTIONS)}; " in cautions
    assert never == f"| never done | {', '.join(FORCED_OFF)} |"


def test_a_keyword_stands_in_one_table():
    keywords = [k.lower() for k in (*HONOURED, *CAUTIONS, *FORCED_OFF, *IGNORED)]
    assert len(keywords) == len(set(keywords))
