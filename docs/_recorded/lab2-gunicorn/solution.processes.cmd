docker compose exec app python -c '
import os
for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status") if ":\t" in line)
    print("pid", pid, "parent", status["PPid"].strip(), open(f"/proc/{pid}/cmdline").read().replace("\0", " ")[:60])
' | grep gunicorn
