#!/usr/bin/python3
"""A bus of its own with an org.freedesktop.systemd1 that answers as the test says: the program under test speaks real D-Bus.

As a program: fake_systemd.py ADDRESS UNITS, where UNITS is a file of JSON, {unit: {property: value}}, read at each call.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

NAME = "org.freedesktop.systemd1"
PATH = "/org/freedesktop/systemd1/unit"
BUS = """<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>{more}</policy>
</busconfig>
"""


def oneshot(ended, status=0, **changes):
    """The properties of a oneshot that ended then, with this exit status."""
    microseconds = int(ended * 1e6)
    step = ["/usr/bin/restic", ["/usr/bin/restic", "backup", "--password=geheim"], changes.pop("ignores_failure", False)]
    step += [microseconds - 1000, 1, microseconds, 2, 4711, changes.get("ExecMainCode", 1), status]
    return {
        "Id": "a property that nobody asks for",
        "Environment": ["RESTIC_PASSWORD=geheim"],
        "LoadState": "loaded", "ActiveState": "inactive", "SubState": "dead", "UnitFileState": "static",
        "Type": "oneshot", "Result": "success", "RemainAfterExit": False, "InvocationID": f"{microseconds:032x}",
        "ConditionResult": True, "AssertResult": True, "ConditionTimestamp": microseconds - 2000,
        "ExecMainStartTimestamp": microseconds - 1000, "ExecMainExitTimestamp": microseconds,
        "ExecMainCode": 1, "ExecMainStatus": status, "InactiveEnterTimestamp": microseconds,
        "SuccessExitStatus": [[], []], "ExecStart": [step], "TriggeredBy": [],
    } | changes


def forgotten(**changes):
    """What systemd knows of a unit after a reboot, and of one that it has unloaded."""
    times = ["ConditionTimestamp", "ExecMainStartTimestamp", "ExecMainExitTimestamp", "InactiveEnterTimestamp"]
    return oneshot(0) | {"InvocationID": "", "ExecStart": []} | dict.fromkeys(times, 0) | changes


class FakeSystemd:
    def __init__(self, directory, policy=""):
        self.directory = pathlib.Path(directory)
        self.units = self.directory / "units.json"
        self.short = tempfile.TemporaryDirectory(prefix="bus")  # the path of a socket has at most 107 bytes
        self.socket = pathlib.Path(self.short.name) / "bus"
        self.address = f"unix:path={self.socket}"
        self.set()
        config = self.directory / "bus.conf"
        config.write_text(BUS.format(socket=self.socket, more=policy))
        self.processes = [subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork"], stdin=subprocess.DEVNULL)]
        service = subprocess.Popen(
            ["/usr/bin/python3", __file__, self.address, self.units], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        self.processes.append(service)
        assert service.stdout.readline() == b"ready\n"

    def set(self, **units):
        """set(restic=oneshot(…)): of restic.service; a name with "_timer" at its end is that of a timer."""
        names = {name.removesuffix("_timer") + (".timer" if name.endswith("_timer") else ".service"): unit for name, unit in units.items()}
        new = self.units.with_suffix(".new")
        new.write_text(json.dumps(names))
        new.rename(self.units)

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self.short.cleanup()


def typed(dbus, name, value):
    """The value with the type that systemd gives it."""
    if name == "InvocationID":
        return dbus.ByteArray(bytes.fromhex(value)) if value else dbus.Array([], signature="y")
    if name == "SuccessExitStatus":
        return dbus.Struct([dbus.Array(part, signature="i") for part in value], signature="aiai")
    if name.startswith("Exec") and isinstance(value, list):
        lines = [
            dbus.Struct(
                [path, dbus.Array(words, signature="s"), dbus.Boolean(ignores), *map(dbus.UInt64, line[:4]),
                 dbus.UInt32(line[4]), dbus.Int32(line[5]), dbus.Int32(line[6])],
                signature="sasbttttuii",
            )
            for path, words, ignores, *line in value
        ]
        return dbus.Array(lines, signature="(sasbttttuii)")
    if isinstance(value, bool):
        return dbus.Boolean(value)
    if isinstance(value, list):
        return dbus.Array(value, signature="s")
    if isinstance(value, int):
        return dbus.UInt64(value) if name.endswith("Timestamp") else dbus.Int32(value)
    return dbus.String(value)


def serve(address, units):
    import dbus  # only in this process: python3-dbus belongs to the system's own Python
    import dbus.mainloop.glib
    import dbus.service
    from gi.repository import GLib

    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)

    class Units(dbus.service.FallbackObject):
        @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s", out_signature="a{sv}", rel_path_keyword="path")
        def GetAll(self, interface, path=None):
            name = path.removeprefix("/").replace("_2e", ".").replace("_40", "@").replace("_2d", "-")
            unit = json.loads(pathlib.Path(units).read_text()).get(name, {"LoadState": "not-found", "ActiveState": "inactive"})
            time.sleep(unit.pop("answers after", 0))
            return {key: typed(dbus, key, value) for key, value in unit.items()}

    for _ in range(200):
        try:
            bus = dbus.bus.BusConnection(address)
            break
        except dbus.exceptions.DBusException:
            time.sleep(0.05)
    owned = dbus.service.BusName(NAME, bus)
    served = Units(bus, PATH)
    print("ready", flush=True)
    GLib.MainLoop().run()
    del owned, served


if __name__ == "__main__":
    os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
    serve(sys.argv[1], sys.argv[2])
