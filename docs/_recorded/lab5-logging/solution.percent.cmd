docker compose exec -T app python -c "
import logging
logging.basicConfig(format='%(levelname)s %(message)s')
name = '100%s'  # somebody calls themselves this
logging.warning('failed sign-in of %s from %s', name, '192.0.2.1')
logging.warning('failed sign-in of ' + name + ' from %s', '192.0.2.1')
" 2>&1 | grep -E '^(WARNING|---|TypeError)'
