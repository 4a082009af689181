"""Arrays whose drives fail, vanish and are replaced."""


def start_server(lab, name, **plugged):
    server = lab.server(name, start=False, **plugged)
    server.start(health=False)
    return server


def expect_redundancy(server, array, survives, fatal, within=10):
    server.expect(f'lastgood_array_survivable_failures{{array="{array}"}} == {survives}', within)
    server.expect(f'lastgood_array_fatal_members{{array="{array}"}} == {fatal}', within)


def errors_of(drive_id):
    return f'max by (drive) (lastgood_drive_kernel_errors_total{{drive="{drive_id}"}})'


def test_arrays_lvm_mirror_that_loses_a_leg(lab):
    """A RAID 1 volume of LVM is an array like any other."""
    server = start_server(lab, "lvm")
    bad, good = server.drive("sas1"), server.drive("sas2")
    blamed, last = server.id_of(bad), server.id_of(good)
    server.run(
        f"pvcreate -q {bad.by_id} {good.by_id} && vgcreate -q volumes {bad.by_id} {good.by_id}"
        " && lvcreate -q -W n --nosync --type raid1 -m 1 -L 64M -n data volumes"
    )
    found = server.expect('lastgood_array_info{name="volumes-data",level="raid1"}', within=60)
    array = found[0][0]["array"]
    expect_redundancy(server, array, survives=1, fatal=0)
    for drive in (blamed, last):
        server.expect(f'lastgood_array_member{{array="{array}",drive="{drive}",state="in_sync"}} == 1')
    bad.fail(reads="all", writes="all")
    server.run("dd if=/dev/zero of=/dev/volumes/data bs=4k count=1 oflag=direct status=none")
    server.expect_finding("drive_failing_dropped", blamed)
    server.expect_finding("array_degraded", array, within=60)
    expect_redundancy(server, array, survives=0, fatal=1)
    server.expect(f'lastgood_array_member{{array="{array}",drive="{blamed}",state="faulty"}} == 1')
    server.expect(f'lastgood_array_member_fatal{{array="{array}",drive="{last}"}} == 1')
    server.expect_blamed(blamed, array)
    assert server.value(errors_of(last)) is None
