curl -s -o /dev/null -w 'status %{http_code}, %{size_download} bytes\n' \
  'http://localhost:8080/?__debugger__=yes&cmd=resource&f=debugger.js'
curl -s -o /dev/null -w 'status %{http_code}\n' http://localhost:8080/console
