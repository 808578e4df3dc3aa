"""Ask an address many times at the same moment: ask.py ADDRESS HOW-MANY"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

address, many = sys.argv[1], int(sys.argv[2])


def ask(_):
    with urlopen(address, timeout=120) as answer:
        return answer.status


begin = time.perf_counter()
with ThreadPoolExecutor(many) as pool:
    good = list(pool.map(ask, range(many))).count(200)
print(f"{good} of {many} answered, the last after {time.perf_counter() - begin:.1f} s")
