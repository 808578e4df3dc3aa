"""The service that keeps what the others say."""
