"""JSON protocols over Unix sockets: QEMU's (QMP) and that of the agent inside the guest."""

import base64
import json
import socket
import time


class CommandFailed(AssertionError):
    """A command of QEMU or in the guest failed."""


class Conversation:
    """One JSON document per line, in both directions."""

    def __init__(self, path, seconds):
        deadline = time.monotonic() + seconds
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        self.received = b""

    def send(self, command, arguments):
        document = {"execute": command}
        if arguments:
            document["arguments"] = arguments
        self.socket.settimeout(30)
        self.socket.sendall(json.dumps(document).encode() + b"\n")

    def receive(self, seconds):
        """Returns the next document. TimeoutError: none came in time; EOFError: the other side closed the connection."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.received:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            if time.monotonic() > deadline:
                raise TimeoutError
            try:
                data = self.socket.recv(1 << 16)
            except socket.timeout:
                raise TimeoutError from None
            except ConnectionError:
                data = b""
            if not data:
                raise EOFError("the other side closed the connection")
            self.received += data
        line, self.received = self.received.split(b"\n", 1)
        return json.loads(line)

    def close(self):
        self.socket.close()


class Qmp(Conversation):
    """QEMU's monitor (docs/interop/qmp-spec in QEMU)."""

    def __init__(self, path, seconds=20):
        super().__init__(path, seconds)
        self.events = []
        self.receive(seconds)  # the greeting
        self.call("qmp_capabilities")

    def call(self, command, seconds=60, **arguments):
        self.send(command, arguments)
        while True:
            answer = self.receive(seconds)
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise CommandFailed(f"QEMU: {command}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def wait_for_event(self, name, seconds=30, **data):
        """Waits for such an event and returns it, also one that came before the call."""
        deadline = time.monotonic() + seconds
        while True:
            for event in self.events:
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    self.events.remove(event)
                    return event
            answer = self.receive(deadline - time.monotonic())
            if "event" in answer:
                self.events.append(answer)


class GuestAgent(Conversation):
    """qemu-guest-agent: runs commands in the guest as root."""

    def __init__(self, path, seconds=400):
        """Waits until the guest answers."""
        super().__init__(path, 20)
        number = int(time.time() * 1000) % 1_000_000_000
        deadline = time.monotonic() + seconds
        while True:
            number += 1
            try:
                # Send few of them: while the guest boots, nothing reads them, and the socket must not fill up.
                self.send("guest-sync", {"id": number})
                while self.receive(8).get("return") != number:
                    pass
                return
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the guest does not answer after {seconds} s") from None

    def call(self, command, seconds=60, **arguments):
        self.send(command, arguments)
        answer = self.receive(seconds)
        if "error" in answer:
            raise CommandFailed(f"guest agent: {command}: {answer['error']['desc']}")
        return answer["return"]

    def run(self, command, seconds=60, check=True):
        """Runs a bash command line in the guest to its end. Returns its standard output; with check=False (status, output, errors)."""
        environment = ["HOME=/root", "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        options = {"capture-output": True, "env": environment}
        started = self.call("guest-exec", path="/bin/bash", arg=["-c", command], **options)
        deadline = time.monotonic() + seconds
        pause = 0.01
        while True:
            state = self.call("guest-exec-status", pid=started["pid"])
            if state["exited"]:
                break
            if time.monotonic() > deadline:
                raise CommandFailed(f"in the guest, not done after {seconds} s: {command}")
            time.sleep(pause)
            pause = min(0.4, pause * 1.5)
        output = base64.b64decode(state.get("out-data", "")).decode(errors="replace")
        errors = base64.b64decode(state.get("err-data", "")).decode(errors="replace")
        status = state.get("exitcode", -state.get("signal", 0))
        if not check:
            return status, output, errors
        if status != 0:
            raise CommandFailed(f"in the guest, status {status}: {command}\n{output}{errors}")
        return output

    def write_file(self, path, content):
        handle = self.call("guest-file-open", path=path, mode="w")
        for start in range(0, len(content), 1 << 15):
            part = base64.b64encode(content[start : start + (1 << 15)]).decode()
            self.call("guest-file-write", handle=handle, **{"buf-b64": part})
        self.call("guest-file-close", handle=handle)
