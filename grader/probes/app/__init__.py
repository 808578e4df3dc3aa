"""The app itself: its processes, its server, its image, and what becomes of it when it is disturbed."""
