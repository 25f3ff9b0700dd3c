"""Takes secrets out of command lines before anything is kept: one table of rules, each with what it is for. Pure.

It sees words as the process has them (`argv`), so that `--password` and the word after it belong together whatever blanks are in it;
and within a word, such as a script after `sh -c`, what a shell would take for a word. Where it is not clear how far a secret
reaches, more is taken out rather than less. docs/secrets.md has the rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

STARS = "***"
"""What stands in place of a secret."""

_WORDS = (
    "passw(?:or)?d|passphrase|passcode|secret(?:[-_.]?key(?:[-_.]?base)?)?|(?:access|auth|bearer|refresh)?[-_.]?token"
    "|(?:api|access|auth|signing|encryption|master|shared|account|storage)[-_.]?key|credentials?"
    r"|(?:(?<![a-z])|(?<=db)|(?<=user)|(?<=auth)|(?<=smtp)|(?<=-d))pass|(?-i:(?<=[a-z])Pass)|(?:(?<=[a-z0-9][-_.])|(?<=;))pwd"
)
_NAME = rf"(?:[\w.-]*?(?:{_WORDS})|(?-i:[A-Z0-9_]*(?<![A-Z0-9])KEY))[_-]?\d*"
"""A name that says that its value is secret: it ends in such a word, so `--password-file` and `--token-ttl` are none."""
_VALUE = r"""(?:"(?:\\.|[^"\\])*(?:"|$)|'[^']*(?:'|$)|\\.|[^\s"'])+"""
"""What a shell would take for a word: quoted or not."""
_OPTION = re.compile(rf"--?(?!no-|ask-|skip-|without-){_NAME}", re.IGNORECASE)
_WHOLE = re.compile(rf"(-{{0,2}}(?:[\w.-]+[:=])?{_NAME}[=:])(?!\s*$).+", re.IGNORECASE | re.DOTALL)
_ANOTHER = re.compile(r"-[A-Za-z]|--[A-Za-z][\w-]*(?:=.*)?", re.DOTALL)
"""A word that is an option rather than the value of the one before it."""
_SHELL = re.compile(r"-[A-Za-z]*c")
_NAMES = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """Replaces what `pattern` matches in one word, but for its group `keep`.

    `hints`: without one of these in the word, in small letters, it can't match. `example`: a command line, for people.
    """

    about: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    example: str


def _rule(about: str, hints: str, pattern: str, example: str, flags: re.RegexFlag = re.IGNORECASE) -> Rule:
    return Rule(about, tuple(hints.split()), re.compile(pattern, flags | re.DOTALL), example)


NAMED_HINTS = ("pass", "pwd", "secret", "token", "key", "credential")

RULES: tuple[Rule, ...] = (
    _rule(
        "private keys", "-----begin",
        r"(?P<keep>-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----).*?(?:(?=-----END)|$)",
        "tool '-----BEGIN PRIVATE KEY-----MIIEvg…'",
    ),
    _rule(
        "passwords in URLs", "://", r"(?P<keep>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://[^\s/?#:@\"']*:)[^\s/?#\"]*(?=@)",
        "psql postgres://app:hunter2@db-01/shop",
    ),
    _rule(
        "headers that carry a secret", "authorization cookie x- private-token",
        rf"""(?P<keep>(?<!//)\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{{0,40}}(?:{_WORDS})|private-token)\s*[:=]\s*"""
        r"""(?:(?:basic|bearer|token|digest|negotiate|apikey)\s+)?)[^"'\s][^"']*""",
        "curl -H 'Authorization: Bearer abc123' https://api.example.com",
    ),
    _rule("bearer tokens", "bearer", r"(?P<keep>\bbearer\s+)[^\s\"']+", "tool 'bearer abc123'"),
    _rule(
        "names of secrets and their values: environment, query strings, JSON, scripts", " ".join(NAMED_HINTS),
        rf"""(?P<keep>(?<!//)(?<![\w.-]){_NAME}["']?\s?[=:]\s?)(?:{_VALUE})""",
        "env DB_PASSWORD=hunter2 ./serve 'https://example.com/?token=abc123'",
    ),
    _rule(
        "options with the secret after a blank, in a script", " ".join(NAMED_HINTS),
        rf"""(?P<keep>(?:^|(?<=[\s"'(;&|]))--?(?!no-|ask-|skip-|without-){_NAME}\s+)(?!-[A-Za-z](?:\s|$)|--[A-Za-z]){_VALUE}""",
        "sh -c 'tool --token abc123'",
    ),
    _rule(
        "secrets in query strings", "?",
        r"""(?P<keep>[?&](?:key|sig|signature|auth|code|x-amz-(?:signature|credential|security-token))=)[^&#\s"']+""",
        "wget 'https://example.com/file?sig=abc123'",
    ),
    _rule(
        "openssl's pass:", "pass:", r"(?P<keep>\bpass:).+", "openssl rsa -passin pass:hunter2 -in key.pem",
    ),
    _rule(
        "keys that are known by their look: AWS, GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, SendGrid, Vault, DigitalOcean, "
        "OpenAI and the like, age, JSON web tokens",
        "akia asia abia acca ghp_ gho_ ghu_ ghs_ ghr_ _pat_ glpat- xox xapp- hooks.slack.com k_live_ k_test_ aiza npm_ pypi- sg. hvs. dop_v1_ doo_v1_ dor_v1_ sk- age-secret-key- eyj",
        r"\b(?:A(?:KI|SI|BI|CC)A[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{8,}"
        r"|xapp-[\w-]{8,}|(?<=hooks\.slack\.com/services/)\S+|[rs]k_(?:live|test)_\w{8,}|AIza[\w-]{30,}|npm_\w{30,}|pypi-[\w-]{16,}"
        r"|SG\.[\w-]{16,}\.[\w-]{16,}|hvs\.[\w-]{20,}|do[opr]_v1_\w{32,}|sk-[\w-]{20,}|AGE-SECRET-KEY-1\w+"
        r"|eyJ[\w-]{8,}\.eyJ[\w-]+\.?[\w-]*)",
        "tool ghp_0123456789abcdefghijklmnopqrstuvwxyz", re.RegexFlag(0),
    ),
)  # fmt: skip
"""What is taken out of any word, in this order."""


@dataclass(frozen=True, slots=True)
class Short:
    """A short option whose value is secret with some programs only; to others it means something else.

    `programs`: their names, `*` for any end. `joined`: the value may follow without a blank; `apart`: it may be the next word.
    `after`: the value is kept up to the first of it.
    """

    programs: tuple[str, ...]
    options: tuple[str, ...]
    joined: bool
    apart: bool
    example: str
    after: str = ""


def _short(programs: str, options: str, how: str, example: str, after: str = "") -> Short:
    return Short(
        tuple(programs.split()), tuple(options.split()), "joined" in how, "apart" in how, example, after
    )


SHORT: tuple[Short, ...] = (
    _short("mysql* mariadb* mariabackup xtrabackup innobackupex mycli mytop mydumper myloader", "-p", "joined",
           "mysqldump -uroot -phunter2 shop"),
    _short("sshpass", "-p", "joined apart", "sshpass -p hunter2 ssh web-01"),
    _short("mongo*", "-p", "joined apart", "mongodump -u admin -p hunter2"),
    _short("login", "-p", "apart", "docker login -u ci -p hunter2 registry.example.com"),
    _short("redis-cli valkey-cli", "-a", "joined apart", "redis-cli -a hunter2 ping"),
    _short("ldap*", "-w", "joined apart", "ldapsearch -D cn=admin -w hunter2"),
    _short("curl http https xh", "-u --user -U --proxy-user -a --auth", "joined apart",
           "curl -u ci:hunter2 https://example.com", ":"),
    _short("smbclient rpcclient smbget", "-U --user", "joined apart", "smbclient -U ann%hunter2 //nas/share", "%"),
    _short("7z 7za 7zr 7zz rar unrar", "-p", "joined", "7z x -phunter2 backup.7z"),
    _short("zip unzip", "-P", "joined apart", "unzip -P hunter2 backup.zip"),
    _short("sqlcmd bcp isql tsql", "-P", "joined apart", "sqlcmd -U sa -P hunter2"),
)  # fmt: skip
"""Short options that hold a secret with these programs."""

HINTS = frozenset(hint for rule in RULES for hint in rule.hints) | frozenset(
    name.rstrip("*") for short in SHORT for name in short.programs
)
"""Most command lines have nothing of this, and are done with at once."""


def redact(words: Sequence[str], extra: Sequence[str] = ()) -> str:
    """A command line of these words, parted by blanks, without its secrets.

    Args:
        words: the arguments as the process has them.
        extra: regular expressions of the user's own; what one matches goes, or, where it has groups, what they match.
    """
    text = " ".join(words)
    low = text.lower()
    if any(hint in low for hint in HINTS):
        text = " ".join(_without(words))
    for pattern in extra:
        text = re.sub(pattern, _groups, text)
    return text


def _groups(match: re.Match[str]) -> str:
    """The match without what its groups hold; without any group nothing of it."""
    spans = sorted({match.span(i) for i in range(1, len(match.groups()) + 1) if match.start(i) >= 0})
    if not spans:
        return STARS
    text, end = "", match.start()
    for start, stop in spans:
        if start >= end:
            text += match.string[end:start] + STARS
            end = stop
    return text + match.string[end : match.end()]


def _without(words: Sequence[str]) -> list[str]:
    """The words without what the rules take out."""
    result: list[str] = []
    shorts: tuple[Short, ...] = ()
    before, awaited = "", False
    for number, word in enumerate(words):
        name = word.rpartition("/")[2]
        shorts += tuple(s for s in SHORT if _is_of(s, name))
        if awaited and not _ANOTHER.fullmatch(word):
            result.append(STARS)
            before, awaited = "", False
            continue
        # A script, or a title that a process gave itself, holds several words of its own.
        script = _SHELL.fullmatch(before) is not None or number == 0
        said = _one(word, script)
        if said == word:
            said = _of_client(shorts, before, word)
        if script or " " in word:
            said = _in_script(said)
        awaited = _OPTION.fullmatch(word) is not None
        result.append(said)
        before = word
    return result


def _one(word: str, script: bool) -> str:
    """One word without what its name or its look tell to be secret."""
    if not script and (whole := _WHOLE.fullmatch(word)):
        return whole[1] + STARS
    low = word.lower()
    for rule in RULES:
        if any(hint in low for hint in rule.hints):
            word = rule.pattern.sub(lambda m: (m.groupdict().get("keep") or "") + STARS, word)
    return word


def _is_of(short: Short, name: str) -> bool:
    """Whether a program of this name has that option."""
    return any(name == p or (p[-1] == "*" and name.startswith(p[:-1])) for p in short.programs)


def _of_client(shorts: Sequence[Short], before: str, word: str) -> str:
    """One word without the value of a short option of these programs."""
    for short in shorts:
        if short.apart and before in short.options and word != "--" and not _ANOTHER.fullmatch(word):
            return _value(short, "", word)
        for option in short.options:
            if short.joined and word.startswith(option) and len(word) > len(option):
                return _value(short, option, word[len(option) :])
    return word


def _value(short: Short, option: str, value: str) -> str:
    kept, parted, secret = value.partition(short.after) if short.after else ("", "", value)
    return option + (kept + parted + STARS if secret else value)


def _in_script(text: str) -> str:
    """A script in which such a client is called: its short options, wherever they stand."""
    called = set(_NAMES.findall(text))
    for short in SHORT:
        if any(_is_of(short, name) for name in called):
            blank = r"(?:\s*|=)" if short.joined and short.apart else r"\s+" if short.apart else ""
            names = "|".join(map(re.escape, short.options))
            text = re.sub(rf"((?:(?<=\s)|^)(?:{names}){blank})({_VALUE})", partial(_in_place, short), text)
    return text


def _in_place(short: Short, match: re.Match[str]) -> str:
    return match[1] + _value(short, "", match[2])
