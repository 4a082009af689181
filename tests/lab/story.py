"""The record of an incident of docs/incidents.md: what happens to a server, what lastgood says and when. tests/incidents makes the table of it."""

import json

from company import START
from lab import BAD, severity_of

DAY = 86400


class Story:
    """`twins`: subjects on the same server that nothing happens to. `note`: pytest's record_property."""

    def __init__(self, title, server, twins, note):
        self.title, self.server, self.twins, self.note = title, server, set(twins), note
        self.seen = set()  # (rule, subject) of every finding so far, also of those that only say "unknown"
        self.began = self.lost_at = None

    def now(self):
        """The server's clock."""
        return float(self.server.run("date +%s.%N"))

    def happens(self, then, event):
        """The next event. `then`: when it happened to those whom it really met."""
        self.began = self.now()
        self._write(then=then, event=event)

    def loses(self, then, event):
        """The data is lost now. What lastgood says from here on comes too late."""
        self.happens(then, event)
        self.lost_at = self.began

    def says(self, rule, subject, within=60, severity=None):
        """Waits for the finding, which must have begun at most `within` seconds of the server's clock after the last event."""
        self.server.suspects.add(subject)
        found = self.server._wait_for_findings(lambda: self._look(rule, subject), 2 * within + 30, f"finding {rule} of {subject}")
        after = found["since"] - self.began
        assert -1 <= after <= within, f"{rule} of {subject} began {after:.1f} s after the event"
        assert severity is None or severity_of(found) == severity, found
        self._write(rule=rule, severity=severity_of(found), text=found["summary"], after=round(max(after, 0), 1))
        return found

    def still_says(self, rule, subject, since):
        """The finding never ended since it began."""
        found = self.server._wait_for_findings(lambda: self._look(rule, subject), 60, f"finding {rule} of {subject}")
        assert found["since"] == since, found
        self._write(rule=rule, severity=severity_of(found), text=found["summary"], after="still")

    def answers(self, command, text, after):
        """What a command says at once."""
        self._write(rule=command, severity="", text=text, after=after)

    def days_pass(self, days, backups):
        """Switches lastgood off, moves the clock, lets the backups run that are not off, and switches lastgood on."""
        self.server.run("systemctl stop lastgood")
        self.server.machine.move_clock(days * DAY)
        self.began = self.now()
        self.server.run(f"{backups}\n{START}", 120)

    def end(self):
        """Nothing was ever said of the twins."""
        self._look("", "")
        assert not [one for one in self.seen if one[1] in self.twins]

    def _look(self, rule, subject):
        findings = self.server.report().findings
        self.seen |= {(one["rule"], one["subject"]) for one in findings if severity_of(one) in BAD}
        return next((one for one in findings if (one["rule"], one["subject"]) == (rule, subject)), None)

    def _write(self, **row):
        self.note("incident", json.dumps({"story": self.title, "lost": self.lost_at is not None, **row}))
