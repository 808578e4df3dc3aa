"""Given a line about a request, as servers and apps write it, when it is read, then the request is found in it."""

from __future__ import annotations

import time

import pytest

from grader.probes.logs.access import access, last_address

AT = "[21/Nov/2026:11:03:06 +0000]"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"
COMBINED = f'10.0.0.5 - - {AT} "GET /bench/slow?seconds=0.35 HTTP/2.0" 200 361 "-" "{AGENT}"'
GUNICORN = f'10.0.0.5 - - {AT} "GET /bench/slow HTTP/1.0" 200 85 "-" "{AGENT}"'
UWSGI = (
    "[pid: 7|app: 0|req: 1/1] 10.0.0.5 () {30 vars in 352 bytes} [Sat Nov 21 11:03:06 2026] GET /bench/slow => "
    "generated 70 bytes in 352 msecs (HTTP/1.1 200) 2 headers in 70 bytes (1 switches on core 0)"
)
CADDY = (
    '{"level":"info","ts":1795259481.6,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":'
    '"10.0.0.5","remote_port":"4000","client_ip":"10.0.0.5","method":"GET","host":"x","uri":"/bench/slow?seconds=1",'
    '"headers":{"User-Agent":["x"]}},"bytes_read":0,"duration":0.352,"size":70,"status":200}'
)
NGINX = (
    '{"time":"2026-11-21T11:03:06+00:00","client":"10.0.0.5","method":"GET","path":"/bench/slow","status":200,'
    '"seconds":0.352,"app_seconds":"0.351","bytes":361}'
)
ECS = (
    '{"@timestamp":"2026-11-21T11:03:06Z","client":{"ip":"10.0.0.5"},"http":{"request":{"method":"GET"},'
    '"response":{"status_code":200}},"url":{"path":"/bench/slow"},"event":{"duration":352000000}}'
)


@pytest.mark.parametrize(
    "line",
    (
        f'{COMBINED} 0.352 "0.351"',
        f'{COMBINED} rt="0.352" urt="0.351"',
        f"{COMBINED} request_time=0.352",
        f"{GUNICORN} 0.352000",  # %(L)s
        f"{GUNICORN} 352123",  # %(D)s, microseconds
        f"{GUNICORN} 352",  # %(M)s
        f'"{GUNICORN}" 352ms'.replace('"10', "10", 1).replace('"" 352', '" 352'),
        UWSGI,
        CADDY,
        NGINX,
        ECS,
        '{"request":"GET /bench/slow HTTP/1.1","status":"200","request_time":"0.352","remote_addr":"10.0.0.5"}',
        '{"verb":"get","url":"http://x/bench/slow","code":200,"latency_ms":352,"ip":"10.0.0.5"}',
        f'{{"level":"info","message":"{GUNICORN.replace(chr(34), chr(92) + chr(34))} 0.352"}}',
        'time=x level=info method=GET path=/bench/slow status=200 duration=352.1ms remote_addr="10.0.0.5:3333"',
        "INFO 10.0.0.5 GET /bench/slow -> 200 in 352 ms",
        "GET /bench/slow 200 0.352s",
    ),
)
def test_method_path_status_and_duration_are_found(line: str) -> None:
    said = access(line)
    assert (said.method, said.status) == ("GET", 200)
    assert "/bench/slow" in said.path
    assert said.lasted(0.34, 0.36)


@pytest.mark.parametrize(
    "line",
    (
        COMBINED,  # 361 are bytes …
        COMBINED.replace(" 361 ", " 85 "),
        GUNICORN,
        '{"method":"GET","path":"/bench/slow","status":200,"bytes":352,"time":"2026-11-21T11:03:06.352Z"}',
        '{"method":"GET","path":"/bench/slow","status":200,"seconds":0.0,"id":352}',
        '{"method":"GET","path":"/bench/slow","status":200,"start_time":1795259481.352}',
        UWSGI.replace("352 msecs", "1 msecs"),
    ),
)
def test_other_numbers_are_not_taken_for_a_duration(line: str) -> None:
    assert not access(line).lasted(0.345, 0.36)


@pytest.mark.parametrize(
    ("line", "clients"),
    (
        (COMBINED, ("10.0.0.5",)),
        (UWSGI, ("10.0.0.5",)),
        (NGINX, ("10.0.0.5",)),
        (ECS, ("10.0.0.5",)),
        (f'203.0.113.7, 10.0.0.5 - - {AT} "GET / HTTP/1.0" 200 5', ("10.0.0.5",)),  # a header, the client's part first
        ('{"x_forwarded_for":"203.0.113.7, 10.0.0.5","path":"/"}', ("10.0.0.5",)),
        (f'- - - {AT} "GET / HTTP/1.0" 200 5', ()),
        (f' - - {AT} "GET / HTTP/1.0" 200 5', ()),  # a unix socket has no address
        ('{"message":"hello","host":"10.0.0.9"}', ()),
        ("failed sign-in of ada", ()),
    ),
)
def test_the_client_is_who_the_line_says_it_is(line: str, clients: tuple[str, ...]) -> None:
    assert access(line).clients == clients


@pytest.mark.parametrize(
    ("text", "address"),
    (
        ("10.0.0.5", "10.0.0.5"),
        ("10.0.0.5:4000", "10.0.0.5"),
        ("[2001:db8::1]:4000", "2001:db8::1"),
        ("::ffff:10.0.0.5", "10.0.0.5"),
        ("1.2.3.4, 10.0.0.5", "10.0.0.5"),
        ("1.2.3.4, unknown", ""),
        ("ada", ""),
        ("", ""),
    ),
)
def test_the_last_of_a_list_of_addresses_counts(text: str, address: str) -> None:
    assert last_address(text) == address


@pytest.mark.parametrize(
    "line",
    (
        "GET /" + "-" * 1_000_000,
        "GET " * 250_000,
        "a, " * 350_000,
        '"' * 1_000_000,
        "1 " * 500_000,
        "status" * 170_000,
        '{"message":"' + "GET /- " * 150_000 + '"}',
        '{"client":"' + "1," * 500_000 + '"}',
    ),
)
def test_a_line_that_was_made_to_take_long_does_not(line: str) -> None:
    begun = time.thread_time()
    access(line)
    assert time.thread_time() - begun < 0.5
