docker compose exec -T app python -c "
import logging, logging.config
from logging_config import LOGGING
log = logging.getLogger('pinboard.auth')  # a module asks for its logger
for value in (False, True):
    logging.config.dictConfig(LOGGING | {'disable_existing_loggers': value})
    log.warning('disable_existing_loggers=%s', value)
print('the end')
" | grep -oE 'disable[^\"]*|the end'
