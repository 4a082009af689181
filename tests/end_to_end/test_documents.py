"""The commands in the documents work, and the documents refer only to what exists."""

import json
import os
import re
import time

from lastgood import SOURCE

DOCUMENTS = sorted(
    str(path.relative_to(SOURCE)) for pattern in ("*.md", "docs/*.md", ".github/**/*.md") for path in SOURCE.glob(pattern)
)


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (SOURCE / document).read_text(), re.MULTILINE | re.DOTALL)


def test_the_configs_are_valid(installation):
    configs = blocks("README.md", "toml") + blocks("docs/writing-a-collector.md", "toml")
    assert len(configs) >= 2
    for text in configs:
        installation.config.write_text(text)
        done = installation.call("config", "check")
        assert done.returncode == 0, done.stderr


def test_the_collector_that_the_manual_writes(installation):
    (source,) = blocks("docs/writing-a-collector.md", "sh")
    (config,) = blocks("docs/writing-a-collector.md", "toml")
    tapes = installation.directory / "tapes"
    tapes.mkdir()
    (tapes / "catalogue").write_text("one\ntwo\nthree\n")
    program = installation.directory / "tape-age"
    program.write_text(source.replace("/srv/tapes", str(tapes)))
    program.chmod(0o755)
    installation.write_config(sections=config.replace("/usr/local/bin/tape-age", str(program)))
    installation.start("agent", wait=False)
    report = installation.wait_for_report(lambda report: report.value("backup_count", "tapes") == 3, 30, "three tapes")
    assert report.value("collector_success", "tape-age") == 1
    (newest,) = report.select("backup_newest_timestamp_seconds", "tapes", confidence="inferred")
    assert newest["value"] == int((tapes / "catalogue").stat().st_mtime)
    assert not [finding for finding in report.findings if finding.get("subject") == "tapes"]


def test_links_lead_somewhere():
    assert {"README.md", "CONTRIBUTING.md", "docs/testing.md"} <= set(DOCUMENTS)
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", (SOURCE / document).read_text()):
            assert ((SOURCE / document).parent / target).exists(), f"{document}: {target}"


def test_the_code_that_the_architecture_names_exists():
    text = re.sub(r"^```.*?^```$", "", (SOURCE / "docs/architecture.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    rooms = ["core", "collectors", "rules", "exporters", "agent", "tools", "tests", "packaging"]
    files = [path for room in rooms for path in (SOURCE / room).rglob("*") if path.is_file()]
    source = "\n".join(path.read_text() for path in files if path.suffix in (".cpp", ".hpp"))
    named = re.findall(r"`([\w/-]+(?:/|\.(?:cpp|hpp|inc|yml|build)))`", text)
    assert len(named) > 40
    for name in named:
        places = (SOURCE, SOURCE / "collectors/kernel_log")  # the walk-through names files of that room without the room
        assert any((place / name).exists() for place in places) or any(path.name == name for path in files), name
    functions = re.findall(r"`(\w+(?:::\w+)?)\(\)`", text)
    assert len(functions) > 15
    for name in functions:
        class_name, _, function = name.rpartition("::")
        assert re.search(rf"\b{function}\(", source), name
        assert not class_name or re.search(rf"\bclass {class_name}\b", source), name


def test_the_metrics_that_documents_name_exist():
    known = {
        name for header in [*(SOURCE / "core/metrics").glob("*.hpp"), SOURCE / "tests/example/metric.hpp"]
        for name in re.findall(r"^inline constexpr Metric (\w+)\{$", header.read_text(), re.MULTILINE)
    }
    for document in ["README.md", "docs/writing-a-collector.md"]:
        for name in re.findall(r"lastgood_(\w+)", (SOURCE / document).read_text()):
            assert name in known, f"{document}: lastgood_{name}"


def test_the_sample_in_the_readme_is_what_the_program_prints(installation):
    """LASTGOOD_ACCEPT=1 rewrites the screen. Only the host's name, the times and the place of the configuration are made up."""
    as_a_service = os.environ | {"NOTIFY_SOCKET": "/nonexistent"}  # systemd sets this variable
    installation.start("agent", arguments=["--root", str(SOURCE / "tests/hosts/raid10-one-lost")], env=as_a_service)
    installation.wait_for_report(lambda report: report.value("filesystem_backed_up") is not None, 20, "a whole report")
    report = installation.report().document
    now = time.time()
    report |= {"host": "db8", "written_at": now, "watched_since": now - 3 * 86400}
    for finding in report["findings"]:
        finding["since"] = now - 3 * 3600
    path = installation.directory / "sample.json"
    usual_place = json.dumps(report).replace(f" --config {installation.config}", "").replace(str(installation.config), "/etc/lastgood/lastgood.toml")
    path.write_text(usual_place)
    printed = installation.call("status", "--report", str(path)).stdout

    readme = SOURCE / "README.md"
    sample = re.compile(r"(?<=^```\n)db8: CRITICAL.*?(?=^```$)", re.MULTILINE | re.DOTALL)
    volatile = re.compile(r"watched since \S+ \S+|report \d s old")
    (shown,) = sample.findall(readme.read_text())
    if os.environ.get("LASTGOOD_ACCEPT") and volatile.sub("", shown) != volatile.sub("", printed):
        readme.write_text(sample.sub(lambda _: printed, readme.read_text()))
        return
    assert volatile.sub("", shown) == volatile.sub("", printed)
