grep -n ACME_SERVER: compose.yaml compose.override.yaml
