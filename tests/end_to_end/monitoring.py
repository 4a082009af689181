"""Runs Debian's Prometheus and Alertmanager on loopback, with their own storage."""

import json
import pathlib
import subprocess
import urllib.request

from lastgood import free_port, http_json, wait_until


class Monitoring:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.prometheus_port = free_port()
        self.alertmanager_port = free_port()
        self.processes = []

    def start(self, scrape_port, rules, config=None, labels=""):
        """Starts both. Prometheus scrapes 127.0.0.1:scrape_port every second and evaluates `rules`, the text of a rule file.

        `config` is Alertmanager's; `labels` are further labels of the target: "cluster: east".
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "rules.yml").write_text(rules)
        (self.directory / "prometheus.yml").write_text(
            "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n"
            f"rule_files: ['{self.directory}/rules.yml']\n"
            "scrape_configs:\n- job_name: lastgood\n"
            f"  static_configs: [{{targets: ['127.0.0.1:{scrape_port}'], labels: {{{labels}}}}}]\n"
            "alerting:\n  alertmanagers:\n"
            f"  - static_configs: [{{targets: ['127.0.0.1:{self.alertmanager_port}']}}]\n"
        )
        self.spawn_alertmanager(
            config
            or "global:\n  resolve_timeout: 5s\nroute:\n  receiver: nobody\n  group_wait: 0s\n  group_interval: 1s\n"
            "receivers:\n- name: nobody\n"
        )
        self.spawn(
            "prometheus",
            f"--config.file={self.directory}/prometheus.yml",
            f"--storage.tsdb.path={self.directory}/prometheus-data",
            f"--web.listen-address=127.0.0.1:{self.prometheus_port}",
            "--rules.alert.resend-delay=1s",
        )
        wait_until(lambda: self.ready(self.prometheus_port), 30, "Prometheus is ready", step=0.1)
        wait_until(lambda: self.ready(self.alertmanager_port), 30, "Alertmanager is ready", step=0.1)

    def spawn_alertmanager(self, config):
        (self.directory / "alertmanager.yml").write_text(config)
        self.spawn(
            "prometheus-alertmanager",
            f"--config.file={self.directory}/alertmanager.yml",
            f"--storage.path={self.directory}/alertmanager-data",
            f"--web.listen-address=127.0.0.1:{self.alertmanager_port}",
            "--cluster.listen-address=",
        )

    def start_alertmanager(self, config):
        """Starts Alertmanager only; post_alerts() sends it alerts."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.spawn_alertmanager(config)
        wait_until(lambda: self.ready(self.alertmanager_port), 30, "Alertmanager is ready", step=0.1)

    def post_alerts(self, labels):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.alertmanager_port}/api/v2/alerts",
            json.dumps([{"labels": entry} for entry in labels]).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()

    def spawn(self, program, *arguments):
        with open(self.directory / f"{program}.log", "wb") as log:
            self.processes.append(
                subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            )

    def ready(self, port):
        for process in self.processes:
            assert process.poll() is None, f"{process.args[0]} ended, see {self.directory}/*.log"
        try:
            return http_json(f"http://127.0.0.1:{port}/api/v1/status/buildinfo") if port == self.prometheus_port else (
                http_json(f"http://127.0.0.1:{port}/api/v2/status")
            )
        except OSError:
            return None

    def query(self, expression):
        """Returns the result of an instant query as [(labels, value)]."""
        from urllib.parse import quote

        answer = http_json(f"http://127.0.0.1:{self.prometheus_port}/api/v1/query?query={quote(expression)}")
        return [(entry["metric"], float(entry["value"][1])) for entry in answer["data"]["result"]]

    def firing_in_prometheus(self):
        answer = http_json(f"http://127.0.0.1:{self.prometheus_port}/api/v1/alerts")
        return [alert for alert in answer["data"]["alerts"] if alert["state"] == "firing"]

    def in_alertmanager(self):
        """Returns the alerts that are active in Alertmanager now."""
        return http_json(f"http://127.0.0.1:{self.alertmanager_port}/api/v2/alerts?active=true")

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []
