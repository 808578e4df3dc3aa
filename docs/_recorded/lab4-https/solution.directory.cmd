docker compose exec -T certbot python3 -c "import requests
found = requests.get('https://acme:14000/dir', verify='/key/cert.pem').json()
print(*found)
print(*found['meta'].get('profiles', ['no profiles']))" 2>&1
