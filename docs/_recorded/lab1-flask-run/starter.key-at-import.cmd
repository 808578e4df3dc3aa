sed -i 's/SECRET_KEY="dev"/SECRET_KEY=os.urandom(32)/' pinboard/config.py
docker compose build --quiet
docker compose up -d --wait
until curl -s -o /dev/null http://localhost:8080/healthz; do sleep 1; done
curl -s -c jar -o /dev/null -d user=ada -d password=pinboard \
  http://localhost:8080/login
curl -s -b jar http://localhost:8080/me
docker compose restart
until curl -s -o /dev/null http://localhost:8080/healthz; do sleep 1; done
curl -s -b jar http://localhost:8080/me
rm jar
