#!/bin/bash
set -euo pipefail

ask() { # METHOD PATH, and what to send on standard input
  curl --silent --show-error --fail-with-body --user "elastic:$ELASTIC_PASSWORD" --request "$1" \
    --header 'Content-Type: application/json' --data-binary @- "http://elasticsearch:9200$2"
  echo
}

ask PUT /_ilm/policy/pinboard </elastic/lifecycle.json
ask PUT /_index_template/pinboard </elastic/template.json

ask POST /_security/user/kibana_system/_password <<<"{\"password\": \"$KIBANA_PASSWORD\"}"

# May add records, and nothing else: not read them, not delete them.
ask PUT /_security/role/filebeat_writer <<'JSON'
{
  "cluster": ["monitor"],
  "indices": [{ "names": ["logs-pinboard-*"], "privileges": ["create_doc", "auto_configure"] }]
}
JSON
ask PUT /_security/user/filebeat_writer <<<"{\"password\": \"$FILEBEAT_PASSWORD\", \"roles\": [\"filebeat_writer\"]}"
