"""Numbers and alerts: the app's metrics, the Prometheus that reads them, and whom it tells."""
