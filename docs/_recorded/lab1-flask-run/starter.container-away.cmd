curl -s -c jar -o /dev/null -d user=ada -d password=pinboard \
  http://localhost:8080/login
curl -s -b jar -o /dev/null -d text='Still here?' -d colour=sky \
  http://localhost:8080/notes
rm jar
docker compose down
docker compose up -d --wait
curl -s http://localhost:8080/ | grep -c 'Still here?'
