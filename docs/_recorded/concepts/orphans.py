"""Process 1 that starts children, which start children, and asks for nobody's exit code."""

import subprocess
import time

for _ in range(3):
    subprocess.run(["sh", "-c", "sleep 0.2 &"], check=True)  # the shell ends, its child is an orphan
time.sleep(600)
