door=$(docker compose port app 8000)
curl -s -o /dev/null -w 'status %{http_code}\n' "http://$door/"
