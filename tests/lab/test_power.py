"""The power fails while errors are counted. The agent always starts again and keeps everything it had saved."""

import time

import pytest

from power_cuts import COUNTER, CUTS, LANES


@pytest.mark.last
@pytest.mark.whole
def test_power_cut_many_times(power_cuts):
    """The power fails at random moments; see power_cuts.py."""
    results = power_cuts.results()
    assert sum(cuts for cuts, _ in results) == LANES * CUTS
    assert all(counted >= cuts for cuts, counted in results), results


def test_power_cut_and_a_real_boot(lab):
    """One power cut with a real boot."""
    server = lab.server("real_boot")
    bad = server.drive("sata1")
    bad_id = server.id_of(bad)
    bad.fail(reads="all")
    server.run(f"for i in 1 2 3; do dd if={bad.by_id} of=/dev/null bs=4k count=1 iflag=direct; done; true")
    total = f'sum(lastgood_{COUNTER}{{drive="{bad_id}"}})'
    server.expect(f"{total} > 0")
    server.expect_blamed(bad_id, within=30)
    time.sleep(2)  # for the kernel's error handling of the last request
    before, since = server.value(total), {(one["rule"], one["subject"]): one["since"] for one in server.report().findings}
    server.machine.cut_power()
    server.machine.power_on()
    server.machine.wait_until_booted()
    # The drive is still bad, so the reads during boot add further errors.
    kept = {(one["rule"], one["subject"]): one["since"] for one in server.report().findings}
    assert since.items() <= kept.items()
    assert server.report().value(COUNTER, bad_id) >= before
