"""Given texts with secrets in every place that we know of, when they are redacted, then nothing of a secret is left."""

from __future__ import annotations

import base64
import json
import random
import string
from pathlib import Path
from urllib.parse import quote

import pytest

from grader.catalog import root
from grader.stacks.redaction import MARK, MASKED, Redactor, env_file, is_random, is_secret, secrets_in

KEY = b"k" * 32
PIECE = 6  # characters of a secret that must not be seen either
PLAIN = Redactor(KEY, {})
PEM = "-----BEGIN {0}-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIB\n-----END {0}-----"
HEX, WORDY, DICE = (
    string.hexdigits[:16],
    string.ascii_letters + string.digits + "!-_.~*,",
    string.ascii_letters + string.digits,
)

# What announces a secret, in the languages of the files that are kept.
ANNOUNCED = (
    "SECRET_KEY: {}",
    "      - DB_PASSWORD={}",
    "secret_key = '{}'",
    'app.config["SECRET_KEY"] = "{}"',
    'raw_env = ["API_TOKEN={}", "A=1"]',
    "proxy_set_header Authorization {};",
    'proxy_set_header Authorization "Basic {}";',
    '    proxy_set_header X-Api-Key "{}"; # a comment',
    'add_header Set-Cookie "session={}; HttpOnly";',
    'secure_link_md5 "$uri {}";',
    'set $auth_token "{}";',
    'if ($http_x_api_key != "{}") {{ return 403; }}',
    "requirepass {}",
    "  user ada insecure-password {}",
    "  stats auth ada:{}",
    "header_up Authorization {}",
    '  "client_secret": "{}",',
    "command: redis-server --requirepass {} --port 6379",
    "labels.traefik.http.middlewares.x.basicauth.users: {}",
    "DATABASE_URL: postgres://ada:{}@db/board",
    "dsn = https://{}@sentry.example/1",
    "password={} user=x",
    "map $http_x_token $ok {{\n    default 0;\n    {} 1;\n}}",
    "basic_auth {{\n\tada {}\n}}",
    'SECRET_KEY = (\n    "{}"\n)',
)


def secret(dice: random.Random, letters: str, length: int) -> str:
    return "".join(dice.choice(letters) for _ in range(length))


def leaks(text: str, hidden: str) -> list[str]:
    return [hidden[at : at + PIECE] for at in range(len(hidden) - PIECE + 1) if hidden[at : at + PIECE] in text]


@pytest.mark.parametrize("place", ANNOUNCED)
def test_nothing_is_left_of_what_stands_after_the_name_of_a_secret(place: str) -> None:
    dice = random.Random(place)
    for letters in (HEX, WORDY, DICE, string.ascii_lowercase, string.digits):
        for length in (8, 13, 24, 64):
            hidden = secret(dice, letters, length)
            assert leaks(PLAIN.text(f"before\n{place.format(hidden)}\nafter"), hidden) == []


@pytest.mark.parametrize("form", ("{}", "x={}&y=1", 'return 200 "{}";', "GET /{}/feed", "# {}", "-x{}y-"))
def test_a_value_of_the_environment_is_found_wherever_it_stands(form: str) -> None:
    dice = random.Random(form)
    for name in ("SECRET_KEY", "DB_PASS", "PGPASSWORD", "SMTP_PW", "LICENSE_KEY_2"):
        for letters in (WORDY, DICE, HEX, WORDY + ' "$%/\\'):
            hidden = "7" + secret(dice, letters, 11) + "z"
            redactor = Redactor(KEY, {"c0ffee": {name: hidden, "PATH": "/usr/bin"}})
            ways = (hidden, quote(hidden, safe=""), json.dumps(hidden)[1:-1], hidden.replace("$", "$$"))
            for way in (*ways, base64.b64encode(hidden.encode()).decode()):
                assert leaks(redactor.text(form.format(way)), way) == []


def test_the_password_of_a_url_is_known_outside_of_it_too() -> None:
    redactor = Redactor(KEY, {"c0ffee": {"DATABASE_URL": "postgres://ada:open5esame@db/board"}})

    assert "open5esame" not in redactor.text("psql -W open5esame")


def test_random_words_are_masked_though_nobody_announced_them() -> None:
    dice = random.Random(1)
    for letters in (HEX, DICE, DICE + "+/", DICE + "-_"):
        for _ in range(50):
            hidden = "a1" + secret(dice, letters, 42)
            assert leaks(PLAIN.text(f'deny "{hidden}";'), hidden) == []


@pytest.mark.parametrize("kind", ("PRIVATE KEY", "RSA PRIVATE KEY", "CERTIFICATE", "OPENSSH PRIVATE KEY"))
def test_key_material_is_masked_whole_even_when_it_was_cut_off(kind: str) -> None:
    whole = PEM.format(kind)
    for text in (whole, whole[: whole.rindex("-----END")], "key = '''" + whole + "'''"):
        said = PLAIN.text(f"one\n{text}")
        assert leaks(said, "MIIEvQIBADANBgkqhkiG9w0BAQEF") == leaks(said, "AASCBKcwggSjAgEAAoIB") == []
        assert said.startswith("one\n")


def test_a_command_line_hides_the_word_after_an_option_that_is_called_like_a_secret() -> None:
    said = PLAIN.words(("redis-server", "--requirepass", "open sesame", "--port", "6379", "--auth-token=hunter2"))

    assert MARK.sub("", said) == f"redis-server --requirepass {MASKED} --port 6379 --auth-token={MASKED}"


def test_the_environment_is_names_and_marks_but_for_what_only_steers_a_server() -> None:
    variables = {"GREETING": "hello there", "WEB_CONCURRENCY": "4", "GUNICORN_CMD_ARGS": "--workers 2 --env TOKEN=abcd"}
    lines = Redactor(KEY, {"c0ffee": variables}).environment("c0ffee")

    assert [MARK.sub("", line) for line in lines] == [
        f"GREETING: {MASKED}",
        f"GUNICORN_CMD_ARGS: --workers 2 --env TOKEN={MASKED}",
        "WEB_CONCURRENCY: 4",
    ]


def test_another_value_has_another_mark_and_the_same_one_the_same() -> None:
    one, two = (PLAIN.text(f"password={word}") for word in ("first", "second"))

    assert one != two
    assert PLAIN.text("password=first") == one
    assert MARK.sub("", one) == MARK.sub("", two) == f"password={MASKED}"


def test_a_mark_cannot_be_tried_against_guesses_without_the_key() -> None:
    assert Redactor(b"other" * 8, {}).text("password=first") != PLAIN.text("password=first")
    assert "k" * 8 not in repr(PLAIN)


def test_two_variables_with_one_value_do_not_give_each_other_away() -> None:
    lines = Redactor(KEY, {"c0ffee": {"A_KEY": "same thing", "B_KEY": "same thing"}}).environment("c0ffee")

    assert MARK.findall(lines[0]) != MARK.findall(lines[1])


@pytest.mark.parametrize(
    "line",
    (
        "server_tokens off;",
        "proxy_pass http://app:8000;",
        "location /api/token {",
        "location = /auth {",
        "proxy_set_header Authorization $http_authorization;",
        "proxy_cookie_flags ~ secure samesite=lax;",
        "SESSION_COOKIE_SECURE = True",
        "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;",
        "ssl_certificate_key /etc/letsencrypt/live/pinboard.localhost/privkey.pem;",
        'add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;',
        "command: /usr/local/bin/python3.13 /usr/local/lib/python3.13/site-packages/gunicorn",
        "proxy_cache_bypass $http_pragma;",
        "worker_tmp_dir = '/dev/shm'",
    ),
)
def test_how_a_server_works_stays_to_be_read(line: str) -> None:
    assert PLAIN.text(line) == line


def test_our_own_servers_can_be_read_whole() -> None:
    paths = [*root().glob("solutions/*/gunicorn.conf.py"), *root().glob("solutions/*/nginx/default.conf*")]
    paths += [*root().glob("tests/variants/*/layer/*/Caddyfile"), *root().glob("tests/variants/*/layer/*/haproxy.cfg")]

    assert len(paths) >= 6
    for path in paths:
        lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
        assert PLAIN.text("\n".join(lines)).splitlines() == lines


def test_a_plain_word_does_not_blot_out_every_other_use_of_it() -> None:
    redactor = Redactor(KEY, {"c0ffee": {"PINBOARD_PASSWORD": "pinboard", "TOKEN_TTL": "3600", "KEY_FILE": "/run/key"}})

    assert redactor.text("server_name pinboard.localhost; # 3600 /run/key").count(MASKED) == 0
    assert "pinboard" not in redactor.text("password: pinboard")


def test_a_long_hostile_line_is_read_in_a_moment() -> None:
    assert len(PLAIN.text("secret" * 20_000)) < 1000
    assert len(PLAIN.text("token " * 20_000)) < 1000


def test_the_project_s_own_env_file_is_known(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# mine\nexport DB_PASSWORD='open-sesame'\nPORT=8080\nbroken\n")

    assert env_file(tmp_path / ".env") == {"DB_PASSWORD": "open-sesame", "PORT": "8080"}
    assert secrets_in(env_file(tmp_path / ".env")) == {"open-sesame"}
    assert env_file(tmp_path / "nowhere") == {}


def test_a_secret_is_told_by_its_name_or_by_its_form() -> None:
    assert is_secret("SECRET_KEY", "x")
    assert is_secret("URL", "redis://:hunter2@cache/0")
    assert is_secret("X", "9f86d081884c7d659a2feaa0")
    assert not is_secret("PORT", "8080")
    assert not is_random("XContentTypeOptionsAndMore")
