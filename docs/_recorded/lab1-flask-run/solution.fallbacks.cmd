docker compose exec app python -c '
from flask import Flask, session

def visitor(key, *older):
    app = Flask("demo")
    app.config.update(SECRET_KEY=key, SECRET_KEY_FALLBACKS=list(older))
    app.route("/in", endpoint="in")(lambda: session.update(user="ada") or "")
    app.route("/me", endpoint="me")(lambda: str(session.get("user")))
    return app.test_client(use_cookies=False)

cookie = visitor("old").get("/in").headers["Set-Cookie"].partition(";")[0]
for keys in (["new"], ["new", "old"]):
    answer = visitor(*keys).get("/me", headers={"Cookie": cookie})
    print(keys, answer.text)
'
