# SPDX-License-Identifier: Apache-2.0
"""HTTPS on the server's one port. The judges are curl, openssl and Python's own TLS."""

import http.client
import json
import ssl
import subprocess

import pytest
import websocket

from client import DONE, UNREACHABLE, farflash
from program import Program, program_path, run
from rest import API, curl
from test_reload import Reloading
from tokens import make_token


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


def make_certificate(folder):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem")


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """A certificate for localhost and 127.0.0.1 that vouches for itself, and its key."""
    folder = tmp_path_factory.mktemp("pki")
    make_certificate(folder)
    return folder


class Secure:
    """A farflashd over TLS with a token, lab1 behind it."""

    def __init__(self, programs, pki, board, tmp_path):
        self.token = make_token(tmp_path / "data", "admin", "admin")
        self.program = programs.add(Program([
            program_path("farflashd"), "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data"), "--board", f"lab1={board.address}",
            "--tls-cert", str(pki / "cert.pem"), "--tls-key", str(pki / "key.pem"), "--max-upload", "1MB"]))
        self.url = self.program.wait_line(r"listening on (https://\S+)").group(1)
        self.port = int(self.url.rsplit(":", 1)[1])
        self.pki = pki
        self.env = {"FARFLASH_TOKEN": self.token, "FARFLASH_CACERT": str(pki / "cert.pem"), "FARFLASH_SERVER": self.url}

    def curl(self, *arguments, **options):
        return curl("--cacert", str(self.pki / "cert.pem"), "-H", f"Authorization: Bearer {self.token}", *arguments, **options)


@pytest.fixture
def secure(programs, pki, board, tmp_path):
    return Secure(programs, pki, board, tmp_path)


def test_tls__curl_flashes(secure, app_file, board, app):
    done = secure.curl("--fail", "-F", f"0x10000=@{app_file}", f"{secure.url}{API}/boards/lab1/flash")
    assert done.status == 0 and json.loads(done.stdout)["state"] == "done", done
    assert board.holds(0x10000, app)
    streamed = secure.curl("-N", "-H", "Accept: text/plain", "-X", "POST", f"{secure.url}{API}/boards/lab1/reset")
    assert streamed.status == 0 and "done" in streamed.stdout, streamed


def test_tls__a_body_over_the_cap_is_told_so(secure):
    done = secure.curl("-T", "-", "-w", "%{http_code}", f"{secure.url}{API}/boards/lab1/flash?offset=0", stdin=bytes(3 << 20))
    assert "upload-too-large" in done.stdout and "413" in done.stdout, done


@pytest.mark.parametrize("version, works", (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)))
def test_tls__no_old_versions(secure, version, works):
    done = run(["openssl", "s_client", "-connect", f"127.0.0.1:{secure.port}", version, "-CAfile", str(secure.pki / "cert.pem"),
                "-cipher", "ALL:@SECLEVEL=0"], stdin=b"")
    assert (done.status == 0 and "Verify return code: 0" in done.stdout) == works, done


def test_tls__plain_http_gets_nothing(secure):
    done = curl(f"http://127.0.0.1:{secure.port}{API}/boards")
    assert done.status != 0 and "lab1" not in done.stdout


def shown_certificate(port):
    return ssl.get_server_certificate(("127.0.0.1", port))


def test_tls__sighup_brings_a_new_certificate(programs, tmp_path):
    """Who is connected stays so; files that do not go together change nothing."""
    make_certificate(tmp_path)
    first = (tmp_path / "cert.pem").read_text()
    server = programs.add(Reloading(tmp_path, [], f"tls-cert: {tmp_path / 'cert.pem'}\ntls-key: {tmp_path / 'key.pem'}\n"))
    assert shown_certificate(server.port) == first
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10,
                                             context=ssl.create_default_context(cafile=tmp_path / "cert.pem"))
    connection.request("GET", "/healthz")
    assert connection.getresponse().read()
    key = (tmp_path / "key.pem").read_bytes()
    make_certificate(tmp_path)
    second, second_key = (tmp_path / "cert.pem").read_text(), (tmp_path / "key.pem").read_bytes()
    (tmp_path / "key.pem").write_bytes(key)
    server.reload()
    server.wait_line(r"the certificate stays as it is: .*key\.pem is not the key of the certificate in .*cert\.pem")
    assert shown_certificate(server.port) == first
    (tmp_path / "key.pem").write_bytes(second_key)
    server.reload()
    assert shown_certificate(server.port) == second != first
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()
    lines = len(server.lines)
    server.reload()
    assert not any("certificate" in line for line in server.lines[lines:]), "it is the same"
    assert shown_certificate(server.port) == second


def test_tls__websocket(secure):
    context = {"ca_certs": str(secure.pki / "cert.pem"), "cert_reqs": ssl.CERT_REQUIRED}
    socket = websocket.create_connection(f"wss://localhost:{secure.port}{API}/boards/lab1/console", timeout=10, sslopt=context,
                                         header=[f"Authorization: Bearer {secure.token}"])
    assert json.loads(socket.recv())["type"]
    secure.curl("-X", "POST", f"{secure.url}{API}/boards/lab1/reset")
    heard = b""
    while b"\n" not in heard:
        frame = socket.recv()
        heard += frame if isinstance(frame, bytes) else b""
    socket.close()


def test_tls__client_and_its_tunnel(secure, start_farflash, app_file):
    assert farflash("write-flash", "0x10000", str(app_file), env=secure.env).status == DONE
    assert farflash("monitor", "--seconds", "0.2", env=secure.env).status == DONE
    connected = start_farflash("connect", "lab1", env=secure.env, status=(0, 130, 143))
    url = connected.wait_line(r"^ +(rfc2217://127\.0\.0\.1:\d+)$").group(1)
    done = farflash("--port", url, "--baud", "0", "write-flash", "0x20000", str(app_file))
    assert done.status == DONE, done


def test_tls__client_trusts_nobody_by_itself(secure):
    env = {**secure.env, "FARFLASH_CACERT": ""}
    for command in (("boards",), ("monitor", "--no-reconnect")):
        done = farflash("--board", "lab1", *command, env=env)
        assert done.status == UNREACHABLE and "certificate" in done.stderr.lower(), done


def test_tls__a_start_says_what_is_wrong(pki, tmp_path):
    other = tmp_path / "other.pem"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", other)
    (tmp_path / "text.pem").write_text("nonsense")
    cert, key = pki / "cert.pem", pki / "key.pem"
    for options, words in (((cert, other), "is not the key"), ((tmp_path / "none", key), "cannot open"),
                           ((tmp_path / "text.pem", key), "no certificate"), ((cert, tmp_path / "text.pem"), "no private key"),
                           ((cert, None), "both --tls-cert and --tls-key")):
        named = ["--tls-cert", str(options[0])] + (["--tls-key", str(options[1])] if options[1] else [])
        done = run([program_path("farflashd"), "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data"), *named])
        assert done.status == 2 and words in done.stderr, done
