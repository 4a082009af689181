"""The listener with TLS and a password file."""

import base64
import ctypes
import http.client
import os
import re
import shutil
import signal
import ssl
import subprocess
import threading
import time
import tomllib

import pytest

from lastgood import SOURCE, cannot_run, wait_until
from test_attack import write_report
from test_documents import blocks

PASSWORD = "correct horse: battery"


def hashed(password, method="$2y$", cost=5):
    """A hash as htpasswd -B makes it. Python's module crypt is gone in 3.13."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = library.crypt_gensalt.restype = ctypes.c_char_p
    salt = ctypes.c_char_p(library.crypt_gensalt(method.encode(), ctypes.c_ulong(cost), None, 0))
    return library.crypt(password.encode(), salt).decode()


def make_certificate(directory, name="localhost", days=90):
    if not shutil.which("openssl"):
        cannot_run("openssl is missing")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days), "-subj", f"/CN={name}",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", directory / "key.pem", "-out", directory / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    os.chmod(directory / "key.pem", 0o600)


class Protected:
    """`lastgood serve` with [serve] settings; run as root it drops its privileges after it has read the files."""

    def __init__(self, installation):
        self.installation = installation
        self.directory = installation.directory
        write_report(installation)

    def write_passwords(self, *lines):
        path = self.directory / "passwords"
        path.write_text("\n".join(("# made by hand", "", *lines)) + "\n")
        return path

    def configure(self, tls=False, passwords=None):
        config = self.installation.config.read_text()
        lines = ""
        if tls:
            lines += f'tls_certificate = "{self.directory}/certificate.pem"\ntls_key = "{self.directory}/key.pem"\n'
        if passwords:
            lines += f'password_file = "{passwords}"\n'
        self.installation.config.write_text(config.replace("[textfile]", f"{lines}[textfile]"))

    def start(self, **options):
        self.process = self.installation.start("serve", wait=False, **options)
        wait_until(lambda: "ready" if self.answers() else None, 10, "the listener answers")
        return self.process

    def answers(self):
        try:
            return self.get()[0] or self.get(tls=True)[0]
        except (OSError, http.client.HTTPException):
            try:
                return self.get(tls=True)[0]
            except (OSError, http.client.HTTPException):
                return 0

    def get(self, user=None, password=None, tls=False, path="/metrics", authorization=None, source="127.0.0.1"):
        """Returns status, headers and body."""
        headers = {}
        if user is not None:
            authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        if authorization is not None:
            headers["Authorization"] = authorization
        port, where = self.installation.port, {"timeout": 10, "source_address": (source, 0)}
        if tls:
            context = ssl.create_default_context(cafile=self.directory / "certificate.pem")
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, **where)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", port, **where)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


@pytest.fixture
def protected(installation):
    return Protected(installation)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_https(protected):
    make_certificate(protected.directory)
    protected.configure(tls=True)
    protected.start()
    status, _, body = protected.get(tls=True)
    assert status == 200 and len(body) > 100_000
    with pytest.raises((OSError, http.client.HTTPException)):
        protected.get()
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")  # else the client itself refuses
    with pytest.raises(OSError, match="EOF|ALERT|reset"):
        http.client.HTTPSConnection("127.0.0.1", protected.installation.port, context=old, timeout=5).request("GET", "/")
    assert protected.installation.stop(protected.process) == 0


def test_only_users_of_the_password_file_are_answered(protected):
    passwords = protected.write_passwords(f"prometheus:{hashed(PASSWORD)}", f"other: {hashed('x', '$6$', 5000)}")
    protected.configure(passwords=passwords)
    protected.start()
    for path in ("/metrics", "/", "/-/healthy", "/rules", "/nothing"):
        status, headers, body = protected.get(path=path)
        assert status == 401 and headers["WWW-Authenticate"].startswith("Basic ")
        assert b"lastgood_" not in body
    assert protected.get("prometheus", PASSWORD)[0] == 200
    assert protected.get("other", "x")[0] == 200
    for wrong in ("Basic", "Basic !!!", "Bearer abc", "basic " + base64.b64encode(b"prometheus").decode(), ""):
        assert protected.get(authorization=wrong)[0] == 401
    for user, password in (("prometheus", "x"), ("prometheus", ""), ("other", PASSWORD), ("nobody", PASSWORD), ("", "")):
        time.sleep(1.1)  # the pause after a wrong password
        assert protected.get(user, password)[0] == 401
    assert protected.get("prometheus", PASSWORD)[0] == 200


def test_guessing_is_slow_and_hinders_nobody(protected):
    """The right password passes beside guesses from its own address, and a check of a password makes no other answer wait."""
    protected.configure(passwords=protected.write_passwords(f"prometheus:{hashed(PASSWORD, cost=12)}"))  # 0.3 s a check
    protected.start()
    assert protected.get("prometheus", PASSWORD)[0] == 200
    statuses, stop = [], threading.Event()

    def guess(source):
        while not stop.is_set():
            statuses.append(protected.get("prometheus", f"guess{len(statuses)}", source=source)[0])

    guessers = [threading.Thread(target=guess, args=(f"127.0.0.{number}",)) for number in range(1, 6)]
    for guesser in guessers:
        guesser.start()
    slowest = 0
    for _ in range(50):
        start = time.monotonic()
        assert protected.get("prometheus", PASSWORD)[0] == 200
        slowest = max(slowest, time.monotonic() - start)
        time.sleep(0.05)
    wait_until(lambda: 429 in statuses, 20, "a guess is turned away")
    stop.set()
    for guesser in guessers:
        guesser.join()
    assert slowest < 1
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 5 * 6, "each address tries once a second at most"


def test_changed_files_are_read_again(protected):
    make_certificate(protected.directory)
    os.chmod(protected.directory / "key.pem", 0o644)  # the listener's user can read it, as in a group of its own
    protected.configure(tls=True, passwords=protected.write_passwords(f"prometheus:{hashed('old')}"))
    watchdog = {"WATCHDOG_USEC": "3000000", "NOTIFY_SOCKET": "/nowhere"}  # it looks a third of that apart
    protected.start(env=os.environ | watchdog)
    assert protected.get("prometheus", "old", tls=True)[0] == 200
    make_certificate(protected.directory, "renewed")
    os.chmod(protected.directory / "key.pem", 0o644)
    protected.write_passwords(f"prometheus:{hashed('new')}")

    def renewed():
        try:
            return protected.get("prometheus", "new", tls=True)[0] == 200
        except ssl.SSLError:
            return False

    wait_until(renewed, 15, "the new certificate and password", step=1.2)
    assert "were read again" in protected.installation.log_text()
    # A broken file changes nothing.
    (protected.directory / "passwords").write_text("prometheus\n")
    wait_until(lambda: "passwords:1: write USER:HASH" in protected.installation.log_text(), 10, "it says why")
    assert protected.get("prometheus", "new", tls=True)[0] == 200
    assert protected.process.poll() is None


@pytest.mark.parametrize("break_it, message", [
    (lambda directory: (directory / "key.pem").unlink(), "cannot read [serve] tls_key: "),
    (lambda directory: (directory / "certificate.pem").write_text("no PEM"), "certificate.pem: this is no PEM file with a CERTIFICATE"),
    (lambda directory: (directory / "key.pem").write_bytes((directory / "other.pem").read_bytes()), "do not belong together"),
    (lambda directory: (directory / "passwords").unlink(), "cannot read [serve] password_file: "),
    (lambda directory: (directory / "passwords").write_text(""), "there is no user in it"),
    (lambda directory: (directory / "passwords").write_text("u:plain\n"), "passwords:1: this is no hash of bcrypt"),
    (lambda directory: (directory / "passwords").write_text("u:$apr1$abc$def\n"), "passwords:1: this is no hash of bcrypt"),
    (lambda directory: (directory / "passwords").write_text("u:$2y$05$short\n"), "passwords:1: this hash is incomplete"),
    (lambda directory: (directory / "passwords").write_text("u:$2y$31" + hashed("a")[6:]), "passwords:1: this hash takes too much time"),
    (lambda directory: (directory / "passwords").write_text(f"u:{hashed('a')}\nu:{hashed('b')}\n"), "passwords:2: the user \"u\" is there twice"),
])  # fmt: skip
def test_it_refuses_to_start_without_the_protection_that_was_asked_for(protected, break_it, message):
    make_certificate(protected.directory)
    (protected.directory / "key.pem").rename(protected.directory / "other.pem")
    make_certificate(protected.directory)
    protected.configure(tls=True, passwords=protected.write_passwords(f"u:{hashed(PASSWORD)}"))
    break_it(protected.directory)
    done = protected.installation.call("serve", seconds=20)
    assert done.returncode == 3
    assert message in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_a_certificate_needs_its_key(protected):
    make_certificate(protected.directory)
    config = protected.installation.config
    config.write_text(config.read_text().replace("[textfile]", f'tls_certificate = "{protected.directory}/certificate.pem"\n[textfile]'))
    done = protected.installation.call("serve", seconds=20)
    assert done.returncode == 3
    assert ":7:19: TLS needs tls_key, too" in done.stderr


def test_under_run_root_reads_what_the_listener_may_not(protected, root):
    make_certificate(protected.directory)  # the key has mode 0600
    passwords = protected.write_passwords(f"prometheus:{hashed(PASSWORD)}")
    passwords.chmod(0o600)
    protected.configure(tls=True, passwords=passwords)
    agent = protected.installation.start("run")
    wait_until(lambda: protected.answers(), 20, "the listener answers")
    assert protected.get(tls=True)[0] == 401
    assert protected.get("prometheus", PASSWORD, tls=True)[0] == 200
    assert protected.installation.stop(agent, number=signal.SIGTERM) == 0


def test_config_check_looks_into_the_files_of_the_listener(installation):
    protected = Protected(installation)
    make_certificate(protected.directory)
    protected.configure(tls=True, passwords=protected.write_passwords(f"prometheus:{hashed(PASSWORD)}"))
    (protected.directory / "passwords").chmod(0o600)
    checked = installation.call("config", "check")
    assert (checked.returncode, checked.stderr, checked.stdout) == (0, "", f"{installation.config}: fine\n")

    (protected.directory / "certificate.pem").rename(protected.directory / "first.pem")
    make_certificate(protected.directory)  # its key replaces the first one
    shutil.copy(protected.directory / "first.pem", protected.directory / "certificate.pem")
    checked = installation.call("config", "check")
    assert checked.returncode == 3 and "they do not belong together" in " ".join(checked.stderr.split()), checked.stderr
    assert "tls_key" in installation.config.read_text().splitlines()[int(checked.stderr.split(":")[1]) - 1]
    protected.write_passwords(f"prometheus:{PASSWORD}")
    checked = installation.call("config", "check")
    assert "password_file:" in checked.stderr and "passwords:3: this is no hash" in " ".join(checked.stderr.split()), checked.stderr


def test_a_certificate_that_ends_soon_is_told(protected):
    make_certificate(protected.directory, days=9)
    protected.configure(tls=True)
    told = "the certificate ends at "
    checked = protected.installation.call("config", "check", seconds=20)
    assert checked.returncode == 0
    text = " ".join(checked.stderr.split())
    assert text.startswith(f"{protected.installation.config}:") and f"warning: {told}" in text
    watchdog = {"WATCHDOG_USEC": "3000000", "NOTIFY_SOCKET": "/nowhere"}  # it looks a third of that apart
    protected.start(env=os.environ | watchdog)
    wait_until(lambda: told in protected.installation.log_text(), 10, "the log says it")
    time.sleep(2.5)
    assert protected.installation.log_text().count(told) == 1
    assert protected.get(tls=True)[0] == 200


def test_https_as_the_manual_sets_it_up(installation):
    """Every step but the editor and the package manager, as it stands there, below another directory."""
    if not shutil.which("openssl"):
        cannot_run("openssl is missing")
    protected = Protected(installation)
    place = installation.directory / "etc"
    place.mkdir()

    def here(text):
        return text.replace("/etc/lastgood", str(place)).replace("DNS:db8.example.net", "IP:127.0.0.1")

    blank = blocks("docs/https.md", "")
    (certificate,) = [block for block in blank if block.startswith("openssl req")]
    subprocess.run(["sh", "-ec", here(certificate)], check=True, capture_output=True)
    (place / "passwords").write_text(f"prometheus:{hashed(PASSWORD)}\n")
    (place / "passwords").chmod(0o600)
    by_systemd, by_run = blocks("docs/https.md", "toml")
    settings = [line for line in here(by_run).splitlines() if "_" in line]
    config = installation.config.read_text()
    installation.config.write_text(config.replace("[textfile]", "\n".join([*settings, "[textfile]"])))
    checked = installation.call("config", "check")
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr
    shutil.copy(place / "certificate.pem", protected.directory / "certificate.pem")  # what clients trust
    protected.start()
    status, _, body = protected.get("prometheus", PASSWORD, tls=True, path="/-/healthy")
    assert status == 200 and re.fullmatch(rb"the report is .* old\n", body), body
    status, _, body = protected.get("prometheus", "wrong", tls=True, path="/-/healthy")
    assert status == 401 and f"`{body.decode().strip()}`" in (SOURCE / "docs/https.md").read_text()
    # What systemd hands over has the same names in the drop-in and in the configuration.
    (drop_in,) = [block for block in blank if block.startswith("[Service]")]
    handed = set(re.findall(r"LoadCredential=(\w+):", drop_in))
    assert handed == set(re.findall(r"/run/credentials/lastgood-exporter.service/(\w+)", by_systemd)) and len(handed) == 3
    assert tomllib.loads(by_systemd)["serve"].keys() == tomllib.loads(by_run)["serve"].keys() - {"listen"}
