"""What the documents tell people to do works."""

import re

from lastgood import SOURCE


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
    for document in ["README.md", *(str(path.relative_to(SOURCE)) for path in (SOURCE / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", (SOURCE / document).read_text()):
            assert ((SOURCE / document).parent / target).exists(), f"{document}: {target}"


def test_the_metrics_that_documents_name_exist():
    known = set(re.findall(r"LASTGOOD_METRIC\((\w+)", (SOURCE / "core/metrics.inc").read_text()))
    for document in ["README.md", "docs/writing-a-collector.md"]:
        for name in re.findall(r"lastgood_(\w+)", (SOURCE / document).read_text()):
            assert name in known, f"{document}: lastgood_{name}"
