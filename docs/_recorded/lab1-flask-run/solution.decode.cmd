cookie=$(curl -s -i -d user=ada -d password=pinboard \
  http://localhost:8080/login | sed -n 's/^Set-Cookie: session=//Ip')
python - "$cookie" <<'EOF'
import base64
import sys

print(base64.urlsafe_b64decode(sys.argv[1].split(".")[0] + "=="))
EOF
