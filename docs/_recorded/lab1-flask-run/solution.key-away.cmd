curl -s -c jar -o /dev/null -d user=ada -d password=pinboard \
  http://localhost:8080/login
curl -s -b jar http://localhost:8080/me
docker compose exec app rm /data/secret_key
docker compose restart
until curl -s -o /dev/null http://localhost:8080/healthz; do sleep 1; done
curl -s -b jar http://localhost:8080/me
rm jar
