"""What is plainly wrong in a script is told with its line, and what is right is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.probe.load import load_probes
from livedata.probe.script import bare, remarks


@pytest.mark.parametrize(
    ("line", "says", "wrong"),
    [
        ("if [[ $a == b ]]; then :; fi", "[[ … ]] is bash's", True),
        ("x=(1 2)", "arrays", True),
        ("function foo { :; }", "`function`", True),
        ('grep x <<<"$y"', "<<< is bash's", True),
        ("diff <(a) b", "<( … )", True),
        ("ls &>/dev/null", "redirection", True),
        ("a |& b", "redirection", True),
        ("source /etc/os-release", "this is bash's", True),
        ("x=${y//a/b}", "expansion", True),
        ("x=\"$(echo ${y^^})\"", "expansion", True),
        ("printf $'a\\n'", "$'…'", True),
        ("set -eo pipefail", "pipefail", True),
        ("echo -e a", "echo -e", False),
        ("which df", "which", False),
        ("sudo smartctl -A /dev/sda", "sudo", False),
        ("tail -n 5 -f /var/log/syslog", "end by itself", False),
        ("top -b | head", "end by itself", False),
        ("ping host", "ping", False),
        ("echo hi >/tmp/x", "writes a file", False),
        ('df >>"$HOME/x"', "writes a file", False),
        ("x=$(date >/tmp/q)", "writes a file", False),
        ("mkdir -p /x", "changes something", False),
        ("a || rm x", "changes something", False),
        ("sleep 5 &", "background", False),
        ('read -r x <"$LIVEDATA_PROC/sys/fs/file-nr"', "first digit", False),
        ("{ read -r x; } </proc/sys/vm/swappiness", "first digit", False),
    ],
)  # fmt: skip
def test_what_is_wrong_or_odd(line: str, says: str, wrong: bool) -> None:
    found = list(remarks(f"# a comment\n: '\n'\n{line}\n: end\n"))
    assert [(r.line, r.wrong) for r in found] == [(4, wrong)]
    assert says in found[0].problem


@pytest.mark.parametrize(
    "line",
    [
        "awk '/[[:space:]]/ { print > \"x\" }'",
        "case $x in *[[:digit:]]*) ;; esac",
        "cat <<'EOF'\n[[ no ]] >/tmp/x\nEOF",
        "a && b 2>/dev/null",
        "a >/dev/null 2>&1",
        "b >&2",
        "echo \"it's > /tmp/q\" # don't > x &",
        """printf '%s' "$(awk '{ print "a > b" }' "$x")" """,
        "[ 1 -gt 0 ] && [ -r x ]",
        "ping -c 1 host",
        "echo $((2 * (3 + 4)))",
        "echo \\> x",
        "watch() { :; }\nwatch",
        'read -r x <"$LIVEDATA_PROC/loadavg"',
        "x=${y#/}; x=${y##*/}; x=${y:--}",
        "a \\\n  && b",
    ],
)
def test_what_is_right(line: str) -> None:
    assert list(remarks(line)) == []


def test_nothing_is_wrong_with_the_probes_that_come_with_livedata() -> None:
    assert [(p.name, r) for p in load_probes().values() for r in remarks(p.body) if r.wrong] == []


@given(
    st.lists(st.sampled_from([*"\"'\\()$# \na", "$(", "<<E\n", "\nE\n"]) | st.text(max_size=5)).map("".join)
)
def test_any_text_keeps_its_lines(script: str) -> None:
    assert bare(script).count("\n") == script.count("\n")
    for remark in remarks(script):
        assert 1 <= remark.line <= script.count("\n") + 1
