docker compose exec uvicorn ps -N -C ps -o pid,ppid,nlwp,args | cut -c 1-64
