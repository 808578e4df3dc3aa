openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=pinboard.localhost \
  -keyout /tmp/mine.key -out /tmp/mine.pem
sleep 6 | timeout 5 openssl s_server -quiet -accept 44333 \
  -key /tmp/mine.key -cert /tmp/mine.pem > /tmp/heard.txt &
sleep 1
curl -s --insecure -m 2 --connect-to ::127.0.0.1:44333 \
  -d user=ada -d password=pinboard https://pinboard.localhost:8443/login
wait
echo "the other server heard: $(grep -a password /tmp/heard.txt)"
