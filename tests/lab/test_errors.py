"""Drives that fail requests."""


def test_read_errors(lab):
    server = lab.server("read_errors")
    bad = server.drive("sata1")
    server.run(f"mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --bitmap=internal {bad.by_id} {server.drive('sata2').by_id}")
    print(server.status())
    print(server.findings())
    assert 0
