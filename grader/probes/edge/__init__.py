"""The way to the app: what the proxy does with requests, with slow clients, with files and with headers."""
