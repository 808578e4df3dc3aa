curl -s -c jar -o /dev/null -d user=ada -d password=pinboard \
  http://localhost:8080/login
curl -s -b jar -o /dev/null -d text='Still here?' -d colour=sky \
  http://localhost:8080/notes
rm jar
docker compose down
docker compose up -d --wait
until curl -s -o /dev/null http://localhost:8080/healthz; do sleep 1; done
curl -s http://localhost:8080/ | grep -c 'Still here?'
