grep -h ACME_SERVER: compose.yaml compose.override.yaml
