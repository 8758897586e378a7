"""The labs' web server: http-server.py ADDRESS PORT NAME answers every request with NAME."""

import socketserver
import sys
from http.server import BaseHTTPRequestHandler

ADDRESS, PORT, NAME = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = (NAME + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingTCPServer):
    """Not http.server's own: that one asks DNS for the machine's name, which nobody answers here."""

    allow_reuse_address = True
    daemon_threads = True


Server((ADDRESS, PORT), Handler).serve_forever()
