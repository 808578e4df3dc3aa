"""The numbers of all workers, read from their files: it can be asked while all of them are busy."""

import threading

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

registry = CollectorRegistry()
MultiProcessCollector(registry)
start_http_server(9100, registry=registry)
threading.Event().wait()
