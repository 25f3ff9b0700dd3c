"""What a host gets out of an ssh_config is what OpenSSH's own client says: `ssh -G` over many generated files."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livedata.errors import InventoryError
from livedata.inventory.resolve import resolve
from livedata.inventory.sshconfig import read_ssh_config
from livedata.model.host import Route

NAMES = ("web-01", "web-02", "db-01", "Db-01", "10.0.0.7", "gate", "gate2", "x")
PATTERNS = st.sampled_from(
    [*NAMES, "*", "web-*", "web-0?", "?b-01", "!web-01", "!*-02", "10.*", "*.7", "gate*"]
)
LISTS = st.lists(PATTERNS, min_size=1, max_size=3)
KEYFILES = st.sampled_from(["/k/a", "/k/b", "/k/c", "none"])
HOPS = st.lists(st.sampled_from(["gate", "gate2", "me@gate:2222", "ssh://gate2"]), min_size=1, max_size=2)


def keyword(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A line in one of the spellings there are."""
    forms = st.sampled_from(
        ["{k} {v}", "  {k}={v}", "{k} = {v}", "{lower}\t{v}", '{k} "{v}"', "{upper} {v}  "]
    )
    if name in ("ProxyCommand", "ProxyJump", "UserKnownHostsFile"):
        forms = st.sampled_from(["{k} {v}", "  {k}={v}", "{upper} = {v}"])
    return st.tuples(forms, values).map(
        lambda t: t[0].format(k=name, lower=name.lower(), upper=name.upper(), v=t[1])
    )


SETTINGS = st.one_of(
    keyword("HostName", st.sampled_from(["10.0.0.7", "%h.example.com", "Other.Host", "::1", "web-02"])),
    keyword("User", st.sampled_from(["root", "mon", "ann.bee"])),
    keyword("Port", st.sampled_from(["22", "2222", "65535"])),
    keyword("IdentityFile", KEYFILES),
    keyword("CertificateFile", st.sampled_from(["/c/a", "/c/b"])),
    keyword("IdentitiesOnly", st.sampled_from(["yes", "no"])),
    keyword("IdentityAgent", st.sampled_from(["none", "SSH_AUTH_SOCK", "/a/sock"])),
    keyword("HostKeyAlias", st.sampled_from(["alias", "web"])),
    keyword("ConnectTimeout", st.sampled_from(["5", "1m", "1h30m"])),
    keyword("UserKnownHostsFile", st.sampled_from(["/h/a", "/h/a /h/b", '"/h/a" /h/c # two'])),
    keyword("GlobalKnownHostsFile", st.sampled_from(["/g/a"])),
    keyword("ProxyCommand", st.sampled_from(["nc %h 22", "none", "sh -c 'nc \"a b\" 1'", "x # y"])),
    keyword("ProxyJump", HOPS.map(",".join)),
    keyword("ProxyJump", st.just("none")),
    keyword("ForwardAgent", st.just("yes")),
    st.sampled_from(["# comment", "", "ServerAliveInterval 5 # seconds"]),
)
CRITERIA = st.one_of(
    st.tuples(st.sampled_from(["host", "originalhost", "!host", "!originalhost"]), LISTS.map(",".join)),
    st.tuples(
        st.sampled_from(["user", "localuser", "!user"]),
        st.sampled_from(["root", "mon", "root,mon", "r*", "!root,*"]),
    ),
).map(" ".join)
HEADS = st.one_of(
    LISTS.map(lambda p: f"Host {' '.join(p)}"),
    LISTS.map(lambda p: "Host=" + " ".join(f'"{t}"' for t in p)),
    st.lists(CRITERIA, min_size=1, max_size=2).map(lambda c: f"Match {' '.join(c)}"),
    st.just("Match all"),
)
BLOCKS = st.tuples(HEADS, st.lists(SETTINGS, max_size=4)).map(lambda b: "\n".join([b[0], *b[1]]))
FILES = st.tuples(st.lists(SETTINGS, max_size=2), st.lists(BLOCKS, max_size=6)).map(
    lambda f: "\n".join([*f[0], *f[1], ""])
)


def ask_ssh(file: Path, *arguments: str) -> dict[str, list[str]]:
    """What `ssh -G` says: keyword → values; nothing where ssh itself sees that a jump leads to its own start."""
    ran = subprocess.run(
        ["ssh", "-G", "-F", str(file), *arguments], capture_output=True, text=True, check=False
    )
    if "jumphost loop" in ran.stderr:
        return {}
    assert ran.returncode == 0, ran.stderr
    answer: dict[str, list[str]] = {}
    for line in ran.stdout.splitlines():
        key, _, value = line.partition(" ")
        answer.setdefault(key, []).append(value)
    return answer


def said(answer: dict[str, list[str]], key: str) -> list[str]:
    """Values without ssh's own defaults."""
    ours = [v for v in answer.get(key, []) if not v.startswith("~/.ssh/id_") and v != "none"]
    return (
        ours
        if "hosts" not in key
        else [f for v in ours for f in v.split() if "/.ssh/" not in f and "/etc/" not in f]
    )


def check(route: Route, answer: dict[str, list[str]]) -> None:
    assert (route.address, str(route.port), route.user) == (
        *answer["hostname"], *answer["port"], *answer["user"],
    )  # fmt: skip
    assert [k for k in route.identity_files if k != "/dev/null"] == said(answer, "identityfile")
    assert list(route.certificate_files) == said(answer, "certificatefile")
    assert route.identities_only == (answer["identitiesonly"] == ["yes"])
    agent = answer.get("identityagent", ["SSH_AUTH_SOCK"])[0]
    assert route.agent == {"SSH_AUTH_SOCK": None, "none": ""}.get(agent, agent)
    assert [route.host_key_alias] == answer.get("hostkeyalias", [None])
    assert route.connect_timeout == float((said(answer, "connecttimeout") or ["10"])[0])
    files = said(answer, "userknownhostsfile") + said(answer, "globalknownhostsfile")
    assert [f for f in route.known_hosts if "/.ssh/" not in f and "/etc/" not in f] == files
    command = said(answer, "proxycommand")
    assert [c.replace("%h", route.address) for c in command] == [
        c.removeprefix("exec ") for c in route.proxy_command[2:]
    ]


def chain(file: Path, name: str, seen: tuple[str, ...], *arguments: str) -> list[dict[str, list[str]]]:
    """ssh's answers for the jumps before a host and the host itself.

    Raises:
        RecursionError: the jumps come back to where they were.
    """
    answer = ask_ssh(file, *arguments, name)
    if name in seen or not answer:
        raise RecursionError
    passed: list[dict[str, list[str]]] = []
    for hop in filter(None, answer.get("proxyjump", [""])[0].split(",")):
        user, _, rest = hop.rpartition("@")
        target = rest.removeprefix("ssh://")
        host, _, port = (
            target.rpartition(":") if target.startswith("[") or target.count(":") == 1 else (target, "", "")
        )
        options = (["-l", user] if user else []) + (["-p", port] if port else [])
        if passed:
            passed.append(
                ask_ssh(file, *options, "-o", "ProxyJump=none", "-o", "ProxyCommand=none", host.strip("[]"))
            )
        else:
            passed += chain(file, host.strip("[]"), (*seen, name), *options)
    return [*passed, answer]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(FILES)
def test_a_host_gets_what_ssh_says(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config"
        file.write_text(text)
        config = read_ssh_config(file)
        for name in NAMES[:6]:
            try:
                expected = chain(file, name, ())
            except RecursionError:
                with pytest.raises(InventoryError, match="round in a circle"):
                    resolve(config, name)
                continue
            route = resolve(config, name)
            for hop, answer in zip((*route.jumps, route), expected, strict=True):
                check(hop, answer)
