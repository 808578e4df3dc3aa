docker compose exec -T app python -c "
import logging, logging.config, sys, time
from logging_config import LOGGING
logging.config.dictConfig(LOGGING)
log = logging.getLogger('try')
began = time.perf_counter()
for number in range(20000):
    log.info('request', extra={'path': '/', 'status': 200})
each = (time.perf_counter() - began) / 20000
print(f'{each * 1e6:.0f} microseconds a line', file=sys.stderr)
" 2>&1 > /dev/null
