"""Given stacks of any shape, when roles are found, then by what services do; what nothing decides is one question."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from grader.model import Role
from grader.stacks.base import CouldNotLook, Settings, Stack
from grader.stacks.dealings import Address, Exchange, Vantage
from grader.stacks.roles import Hearsay, Undecided, find_roles
from grader.stacks.values import Attached, Mount, Process, Published, ServiceFacts, Socket, Sockets
from tests.probes.service import SERVICE, process

HTTP, SILENT = b"HTTP/1.1 200 OK\r\n\r\n", b"-ERR unknown command\r\n"


@dataclass(frozen=True)
class Part:
    """One service: what it runs, where it listens inside, which ports of the machine lead there, whom it speaks to.

    `wakes` are the services that work when one of its ports is asked, in turn; `says` is what they answer.
    """

    program: str
    listens: int | str = 0
    publishes: tuple[int, ...] = ()
    wakes: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    label: str = ""
    image: str = ""
    says: bytes = HTTP
    restless: int = 0  # times that it wakes up by itself whenever somebody looks
    mounts: tuple[Mount, ...] = ()
    network: str = "lab_default"
    embeds_python: bool = False


@dataclass
class Fake:
    parts: dict[str, Part]
    settings: Settings = field(default_factory=Settings)
    woken: dict[str, int] = field(default_factory=dict)
    asked: int = 0

    @property
    def services(self) -> tuple[ServiceFacts, ...]:
        return tuple(
            replace(
                SERVICE,
                id=name,
                service=name,
                image=part.image or name,
                published=tuple(Published("127.0.0.1", port, 80) for port in part.publishes),
                networks=(Attached("lab_default", self.address(name), ""),),
                labels=(("grader.role", part.label),) if part.label else (),
                mounts=part.mounts,
                network_mode=part.network,
            )
            for name, part in self.parts.items()
        )

    def address(self, name: str) -> str:
        return f"172.18.0.{2 + list(self.parts).index(name)}"

    def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
        part = self.parts[service.service]
        return (replace(process(1, 0, argv=(part.program,)), embeds_python=part.embeds_python),)

    def sockets(self, service: ServiceFacts) -> Sockets:
        where = self.parts[service.service].listens
        socket = Socket("", 0, where, (1,)) if isinstance(where, str) else Socket("0.0.0.0", where, "", (1,))
        return Sockets((socket,) if where else (), ())

    def inside(self, service: ServiceFacts, op: str, **_: object) -> object:
        part = self.parts[service.service]
        if op == "wakeups":
            self.woken[service.service] = self.woken.get(service.service, 0) + part.restless
            return self.woken[service.service]
        calls = [name for name in part.calls if name in self.parts]
        return [{"own_port": 5, "address": self.address(n), "port": self.parts[n].listens} for n in calls]

    def exchange(self, via: Vantage, to: Address, data: bytes, *, seconds: float = 10.0) -> Exchange:
        door, part = next((name, part) for name, part in self.parts.items() if to.port in part.publishes)
        self.woken[door] = self.woken.get(door, 0) + 1
        for name in part.wakes[self.asked % len(part.wakes) :][:1] if part.wakes else ():
            self.woken[name] = self.woken.get(name, 0) + 1
        self.asked += 1
        return Exchange(part.says, "", cut=False, closed=True, first=0.0, total=0.0)

    def roles(self, **said: dict[str, str]) -> dict[str, Role]:
        return {role.name: role for role in find_roles(cast("Stack", self), self.services, Hearsay(**said))}


def chosen(fake: Fake, **told: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = fake.roles(told=told)
    return found["edge"].services, found["app"].services


NGINX = Part("nginx", 80, (8080,), wakes=("app",), calls=("app",))
APP = Part("gunicorn", 8000)


def test_services_are_looked_into_side_by_side() -> None:
    both = threading.Barrier(2)

    class Patient(Fake):
        def processes(self, service: ServiceFacts) -> tuple[Process, ...]:
            both.wait(5)
            return super().processes(service)

    stack = Patient({"web": Part("gunicorn", 8000, (8080,)), "db": Part("redis-server", 6379)})

    roles = find_roles(cast("Stack", stack), stack.services, Hearsay())

    assert [role.services for role in roles] == [("web",), ("web",)]


def test_one_publisher_and_one_python_server_are_found_without_a_request() -> None:
    fake = Fake({"web": NGINX, "flask": APP})

    assert chosen(fake) == (("web",), ("flask",))
    assert fake.asked == 0


def test_of_two_publishers_the_one_that_speaks_http_is_the_edge() -> None:
    assert chosen(Fake({"web": NGINX, "app": APP, "db": Part("redis", 6379, (6379,), says=SILENT)}))[0] == ("web",)


def test_a_proxy_before_the_app_is_the_edge_and_the_apps_own_port_a_side_door() -> None:
    assert chosen(Fake({"web": NGINX, "app": replace(APP, publishes=(8000,), wakes=("app",))}))[0] == ("web",)


def test_of_two_proxies_in_a_row_the_first_one_is_the_edge() -> None:
    outer = Part("haproxy", 443, (8443,), wakes=("app",), calls=("web",))

    assert chosen(Fake({"web": NGINX, "app": APP, "outer": outer}))[0] == ("outer",)


def test_two_doors_to_the_same_app_are_both_the_edge() -> None:
    assert chosen(Fake({"one": NGINX, "two": replace(NGINX, publishes=(8081,)), "app": APP}))[0] == ("one", "two")


def test_two_doors_to_two_apps_are_one_question_that_says_where_each_leads() -> None:
    fake = Fake({"a": replace(NGINX, wakes=("shop",)), "b": replace(NGINX, publishes=(8081,), wakes=("blog",)),
                 "shop": APP, "blog": APP})  # fmt: skip

    with pytest.raises(Undecided) as question:
        fake.roles()

    assert question.value.candidates == {
        "a": "publishes 127.0.0.1:8080 and leads to shop",
        "b": "publishes 127.0.0.1:8081 and leads to blog",
    }
    assert "--role edge=NAME" in question.value.hint
    assert chosen(fake, edge="b") == (("b",), ("blog",))
    assert chosen(fake, app="shop") == (("a",), ("shop",))


def test_of_two_apps_the_one_in_which_requests_arrive_is_the_app() -> None:
    assert chosen(Fake({"web": NGINX, "app": APP, "tool": Part("python3", 7000)}))[1] == ("app",)


def test_an_app_that_never_sleeps_is_not_taken_for_one_that_was_asked() -> None:
    assert chosen(Fake({"web": NGINX, "app": APP, "busy": Part("python3", 7000, restless=60)}))[1] == ("app",)


def test_an_app_that_the_app_itself_calls_is_not_the_app() -> None:
    web = replace(NGINX, wakes=("app",))
    fake = Fake({"web": web, "app": replace(APP, calls=("inner",)), "inner": Part("python3", 9000)})
    fake.parts["web"] = replace(web, wakes=("nobody",), calls=("app",))  # only connections show the way

    assert chosen(fake)[1] == ("app",)


def test_services_of_one_image_and_command_that_share_the_requests_are_replicas() -> None:
    web = replace(NGINX, wakes=("blue", "green", "red"))
    fake = Fake({"web": web, **{name: replace(APP, image="site") for name in ("blue", "green", "red")}})

    assert chosen(fake)[1] == ("blue", "green", "red")


def test_a_page_of_the_proxys_own_on_a_port_before_the_sites_hides_no_app() -> None:
    """Statistics, say: whoever asks for them wakes up the proxy, and nobody else."""
    web = replace(NGINX, publishes=(8079, 8080), wakes=("nobody",), calls=("blue", "green"))
    fake = Fake({"web": web, **{name: replace(APP, image="site") for name in ("blue", "green")}, "other": APP})

    assert chosen(fake)[1] == ("blue", "green")


def test_a_proxy_whose_first_page_is_a_file_leaves_the_app_open() -> None:
    fake = Fake({"web": replace(NGINX, wakes=(), calls=()), "app": APP,
                 "monitor": Part("python3", 5555, (8090,), wakes=("monitor",))})  # fmt: skip

    with pytest.raises(Undecided, match="which service is the app") as question:
        fake.roles()

    assert set(question.value.candidates) == {"app", "monitor"}
    assert chosen(fake, app="app") == (("web",), ("app",))


def test_a_unix_socket_in_a_shared_volume_is_a_way_to_the_app() -> None:
    volume = Mount("volume", "run", "/run/site", writable=True)
    web = replace(NGINX, wakes=("nobody",), calls=(), mounts=(replace(volume, target="/sockets"),))
    app = Part("uwsgi", "/run/site/site.sock", mounts=(volume,))

    assert chosen(Fake({"web": web, "app": app, "tool": Part("python3", 7000)}))[1] == ("app",)


def test_a_server_on_the_hosts_network_is_at_the_port_it_listens_on() -> None:
    found = Fake({"web": Part("nginx", 8080, network="host"), "app": APP}).roles()

    assert (found["edge"].services, found["edge"].why) == (("web",), "publishes 0.0.0.0:8080")


def test_apache_that_has_python_loaded_is_a_python_server() -> None:
    assert chosen(Fake({"httpd": Part("apache2", 80, (8080,), embeds_python=True)}))[1] == ("httpd",)


def test_a_supervisor_is_no_app_although_it_is_python() -> None:
    assert chosen(Fake({"all": Part("supervisord", 9001, (8080,), embeds_python=True)}))[1] == ()


@pytest.mark.parametrize("label", ("app", "edge,app", "edge app"))
def test_a_label_decides_for_good(label: str) -> None:
    assert chosen(Fake({"a": APP, "b": replace(APP, label=label), "web": NGINX}))[1] == ("b",)


def test_the_lab_decides_only_between_candidates() -> None:
    fake = Fake({"a": APP, "b": APP, "web": NGINX})

    assert fake.roles(named={"app": "b"})["app"].services == ("b",)
    with pytest.raises(Undecided):
        fake.roles(named={"app": "web"})


def test_role_may_name_several_services() -> None:
    assert chosen(Fake({"a": APP, "b": APP, "web": NGINX}), app="a,b")[1] == ("a", "b")


def test_role_with_a_name_that_no_service_has_says_which_there_are() -> None:
    with pytest.raises(CouldNotLook, match=r"no service api is running \(running: app, web\)"):
        Fake({"app": APP, "web": NGINX}).roles(told={"app": "api"})


def test_a_stack_that_publishes_nothing_has_no_edge() -> None:
    assert Fake({"app": APP}).roles()["edge"] == Role("edge", (), "no service publishes a port")


def test_what_was_said_earlier_counts_as_long_as_there_is_such_a_service() -> None:
    fake = Fake({"a": APP, "b": APP, "web": NGINX})

    assert fake.roles(recalled={"app": "b"})["app"] == Role("app", ("b",), "you said so earlier")
    with pytest.raises(Undecided):
        fake.roles(recalled={"app": "gone"})
