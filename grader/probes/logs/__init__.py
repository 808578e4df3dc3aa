"""What services print: one burst of requests, and what it leaves in every log."""
