mkdir demo
echo 'API_TOKEN=only-for-this-demo' > demo/secrets.txt
cat > demo/Dockerfile <<'EOF'
FROM python:3.13-slim
COPY secrets.txt /secrets.txt
RUN rm /secrets.txt
EOF
docker build --quiet --tag deleted-file demo > /dev/null
docker run --rm deleted-file ls /secrets.txt 2>&1
docker save deleted-file | python -c '
import io, sys, tarfile

for part in (image := tarfile.open(fileobj=sys.stdin.buffer, mode="r|")):
    data = image.extractfile(part).read() if part.isfile() else b""
    try:
        layer = tarfile.open(fileobj=io.BytesIO(data))
        print(layer.extractfile("secrets.txt").read().decode())
    except (tarfile.ReadError, KeyError):
        continue  # no layer, or a layer without that file
'
docker rmi deleted-file > /dev/null
