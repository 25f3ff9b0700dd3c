"""No secret outlives redaction, whatever it looks like; ordinary command lines stay as they are; the guide has every rule."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.parse.redact import RULES, SHORT, STARS, redact

GUIDE = (Path(__file__).parents[3] / "docs" / "secrets.md").read_text(encoding="utf-8")

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"
SECRETS = st.builds(
    lambda first, rest: f"Zq{first}{rest}",
    st.sampled_from("0123456789"),
    st.text(LETTERS + "_-.+/=!%^*~:,@#&?|;<>(){}[]$`\\\"' \n\té", min_size=6, max_size=40),
).filter(lambda text: len(text.strip()) == len(text))
"""What stands in a word of its own may hold anything."""
URL_SAFE = st.text(LETTERS + "-_.~%!$&'()*+,;=:@", min_size=8, max_size=40)
TOKENS = st.text(LETTERS + "-_.", min_size=24, max_size=40)
NAMES = st.sampled_from(
    [
        "password",
        "passwd",
        "db-password",
        "admin_password",
        "db.password",
        "keyStorePassword",
        "secret",
        "client-secret",
        "clientSecret",
        "token",
        "access-token",
        "accessToken",
        "auth_token",
        "api-key",
        "apikey",
        "apiKey",
        "aws_secret_access_key",
        "passphrase",
        "pass",
        "smtp-pass",
        "credentials",
        "secret_key_base",
    ]
)
ENVIRONMENT = st.sampled_from(
    [
        "PASSWORD",
        "DB_PASSWORD",
        "PGPASSWORD",
        "MYSQL_PWD",
        "SECRET",
        "APP_SECRET",
        "TOKEN",
        "GITHUB_TOKEN",
        "KEY",
        "API_KEY",
        "STRIPE_KEY",
        "SECRET_KEY_BASE",
        "DB_PASS",
        "AWS_SECRET_ACCESS_KEY",
        "KEY_2",
        "password",
        "dbPassword",
    ]
)
BEFORE = st.lists(
    st.sampled_from(["tool", "--verbose", "-x", "sudo", "env", "/usr/bin/nice", "run", "--user=app"]),
    min_size=1,
    max_size=3,
)
AFTER = st.lists(st.sampled_from(["--fast", "-n", "5", "file.txt", "web-01"]), max_size=3)


def gone(secret: str, text: str) -> None:
    """Neither the secret nor four letters of it in a row that nothing else has are left."""
    assert secret not in text
    assert STARS in text
    for piece in re.findall(r"[A-Za-z0-9]{5,}", secret):
        assert piece not in text, (piece, text)


@given(BEFORE, NAMES, st.sampled_from(["--{}={}", "-{}={}", "-D{}={}", "{}={}", "--{}:{}"]), SECRETS, AFTER)
def test_options_with_their_value(
    before: list[str], name: str, shape: str, secret: str, after: list[str]
) -> None:
    said = redact([*before, shape.format(name, secret), *after])
    gone(secret, said)
    assert said.startswith(" ".join(before))
    assert said.endswith(" ".join(after))


@given(BEFORE, NAMES, st.sampled_from(["--", "-"]), SECRETS, AFTER)
def test_options_with_the_value_behind_them(
    before: list[str], name: str, dashes: str, secret: str, after: list[str]
) -> None:
    said = redact([*before, dashes + name, secret, *after])
    gone(secret, said)
    assert said == " ".join([*before, dashes + name, STARS, *after])


@given(BEFORE, ENVIRONMENT, SECRETS, AFTER)
def test_environment(before: list[str], name: str, secret: str, after: list[str]) -> None:
    gone(secret, redact([*before, f"{name}={secret}", *after]))
    gone(secret, redact([*before, "-e", f"{name}={secret}", *after]))
    gone(secret, redact([*before, f"--env={name}={secret}", *after]))


@given(ENVIRONMENT, NAMES, SECRETS)
def test_scripts(variable: str, name: str, secret: str) -> None:
    """What a shell is given after -c, with secrets quoted as a shell needs it."""
    quoted = shlex.quote(secret)
    for script in (
        f"cd /srv && {variable}={quoted} ./serve --fast",
        f"export {variable}={quoted}; exec ./serve",
        f"exec ./serve --{name} {quoted} --fast",
        f"exec ./serve --{name}={quoted}",
        f"mysqldump -u root -p{quoted} shop | gzip",
    ):
        said = redact(["/bin/sh", "-c", script])
        gone(secret, said)
        assert said.startswith(script[:6].join(["/bin/sh -c ", ""]))


@given(
    st.sampled_from(["postgres", "https", "amqp", "redis", "mongodb+srv"]),
    st.sampled_from(["app", "", "a.b-c%40d"]),
    URL_SAFE,
)
def test_urls(scheme: str, user: str, secret: str) -> None:
    said = redact(["tool", f"{scheme}://{user}:{secret}@db-01.example.com:5432/shop?ssl=on"])
    assert said == f"tool {scheme}://{user}:{STARS}@db-01.example.com:5432/shop?ssl=on"


@given(
    st.sampled_from(["token", "access_token", "api_key", "key", "sig", "password", "X-Amz-Signature"]), TOKENS
)
def test_query_strings(name: str, secret: str) -> None:
    gone(secret, redact(["curl", "-s", f"https://example.com/x?a=1&{name}={secret}"]))
    gone(secret, redact(["curl", "-s", f"https://example.com/x?{name}={secret}&a=1"]))


@given(
    st.sampled_from(["Authorization: Bearer {}", "authorization: Basic {}", "Authorization: token {}", "Authorization: {}",
                     "X-Api-Key: {}", "X-Vault-Token:{}", "PRIVATE-TOKEN: {}", "Cookie: session={}"]),
    TOKENS,
)  # fmt: skip
def test_headers(shape: str, secret: str) -> None:
    header = shape.format(secret)
    gone(secret, redact(["curl", "-H", header, "https://example.com"]))
    gone(secret, redact(["sh", "-c", f'curl -H "{header}" https://example.com | jq .']))


@given(
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=16),
    st.text(LETTERS, min_size=36, max_size=36),
)
def test_keys_known_by_their_look(aws: str, word: str) -> None:
    for key in (
        f"AKIA{aws}", f"ghp_{word}", f"github_pat_{word}", f"glpat-{word[:20]}", f"xoxb-{word}", f"sk_live_{word}", f"AIza{word}",
        f"npm_{word}", f"hvs.{word}", f"dop_v1_{word}", f"sk-{word}", f"eyJ{word}.eyJ{word}.{word}",
    ):  # fmt: skip
        for words in (["tool", key], ["tool", f"--with={key}"], ["sh", "-c", f"tool '{key}'; true"]):
            gone(key, redact(words))
    gone(word, redact(["curl", f"https://hooks.slack.com/services/T0/B0/{word}"]))


@given(st.text(LETTERS + "+/=\n", min_size=20, max_size=200), st.booleans())
def test_private_keys(secret: str, whole: bool) -> None:
    end = "\n-----END RSA PRIVATE KEY-----" if whole else ""
    said = redact(["tool", f"--pem=-----BEGIN RSA PRIVATE KEY-----\n{secret}{end}", "x"])
    assert secret not in said
    assert said.endswith(" x")


@given(st.sampled_from(SHORT), SECRETS, st.sampled_from(["", "/usr/bin/"]))
def test_short_options_of_clients(short: object, secret: str, folder: str) -> None:
    assert isinstance(short, type(SHORT[0]))
    program = folder + short.programs[0].replace("*", "")
    before = ["docker"] if program.endswith("login") else []
    secret = secret.replace(":", "").replace("%", "").strip()
    value = f"ann{short.after}{secret}" if short.after else secret
    option = short.options[0]
    if short.apart:
        gone(secret, redact(["x", *before, program, option, value, "end"]))
    if short.joined:
        gone(secret, redact(["x", *before, program, option + value, "end"]))


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_words_at_all(words: list[str]) -> None:
    assert isinstance(redact(words), str)


ORDINARY = """\
/sbin/init splash
/usr/sbin/sshd -D -o AuthorizedKeysCommand=/usr/bin/keys -o AuthorizedKeysCommandUser=nobody
sshd: ann [priv]
/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main -c config_file=/etc/postgresql/15/main/postgresql.conf
postgres: app shop 192.0.2.1(50123) idle in transaction
nginx: master process /usr/sbin/nginx -g daemon on; master_process on;
java -Xmx4g -Djava.io.tmpdir=/tmp -Dkeystore.path=/etc/keys -cp a.jar:b.jar org.example.Main --port 8080
/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
docker run -d -p 8080:80 -p 127.0.0.1:53:53/udp -v /srv/secrets:/run/secrets:ro -e POSTGRES_PASSWORD_FILE=/run/secrets/db -u 1000:1000 nginx:1.25
docker login --password-stdin registry.example.com
kubelet --config=/var/lib/kubelet/config.yaml --token-ttl 5m
kube-apiserver --service-account-key-file=/etc/sa.pub --token-auth-file=/etc/tokens.csv
curl --key /etc/ssl/client.pem --cert /etc/ssl/client.crt -u ann https://example.com:8443/a?b=c&d=e
sort --key 2 --field-separator=: /etc/passwd
psql --no-password -h db-01 -p 5432 shop
mysql -h db-01 -P 3306 -u app shop
mysqldump -p shop
ssh -p 2222 -i /home/ann/.ssh/id_ed25519 web-01
rsync -avz --password-file=/etc/rsync.pass /srv/ backup@nas::srv
ssh-agent -s
gpg-agent --homedir /root/.gnupg --use-standard-socket --daemon
/usr/bin/gnome-keyring-daemon --foreground --components=pkcs11,secrets
systemd-tty-ask-password-agent --watch
/bin/login -p --
find / -name *.key -o -name passwd
grep -ri token /var/log
tar -xpf backup.tar -C /srv
7z x backup.7z
unzip -o a.zip
PWD=/srv OLDPWD=/ sh
apptainer exec --pwd=/work image.sif run
git clone https://github.com/example/repo.git
git clone ssh://git@github.com:22/example/repo.git
npm install --registry http://registry:4873/@scope/pkg
python -m http.server 8000 --bind 127.0.0.1
make -j4 KEYS=all MONKEY=banana BYPASS=1 COMPASS=north
vim /etc/shadow
/usr/bin/redis-server 127.0.0.1:6379
memcached -m 64 -p 11211 -u memcache
sudo -u postgres -p prompt psql
/usr/sbin/cron -f -P
[kworker/0:1-events]
TOKENIZERS_PARALLELISM=false python train.py --num-tokens 5000 --keypoints
ansible-playbook --ask-pass -i hosts site.yml
"""


@pytest.mark.parametrize("line", ORDINARY.splitlines())
def test_ordinary_command_lines_stay_as_they_are(line: str) -> None:
    assert redact(line.split(" ")) == line


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["corp-[0-9a-f]{8}"], "tool *** --pin 1234 x"),
        ([r"--pin (\S+)"], "tool corp-0123abcd --pin *** x"),
        ([r"--pin (\d)(\d+)|(never)"], "tool corp-0123abcd --pin ****** x"),
        ([r"x$", "--pin"], "tool corp-0123abcd *** 1234 ***"),
    ],
)
def test_rules_of_ones_own(extra: list[str], said: str) -> None:
    assert redact(["tool", "corp-0123abcd", "--pin", "1234", "x"], extra) == said


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.about)
def test_the_guide_has_each_rule(rule: object) -> None:
    assert isinstance(rule, type(RULES[0]))
    assert f"| {rule.about} | `{rule.example}` | `{redact(shlex.split(rule.example))}` |" in GUIDE


@pytest.mark.parametrize("short", SHORT, ids=lambda short: short.programs[0])
def test_the_guide_has_each_client(short: object) -> None:
    assert isinstance(short, type(SHORT[0]))
    names, options = (" ".join(f"`{word}`" for word in words) for words in (short.programs, short.options))
    assert f"| {names} | {options} | `{redact(shlex.split(short.example))}` |" in GUIDE
