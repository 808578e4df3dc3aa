"""HTTPS: handshakes, versions and ciphers, certificates and their keys, and their renewal."""
