sleep 2
docker compose exec orphans ps -N -C ps -o pid,ppid,stat,args
docker compose exec orphans-init ps -N -C ps -o pid,ppid,stat,args
