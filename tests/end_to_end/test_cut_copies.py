"""Copies whose ends, marks or records are right, and whose content is not: cut dumps, directories of which files are gone."""

import gzip
import time

from lies import lie
from test_file_backups import DAY, place, stamp  # noqa: F401

BEGUN = b"--\n-- PostgreSQL database dump\n--\n" + b"select 1;\n" * 100
WHOLE = BEGUN + b"--\n-- PostgreSQL database dump complete\n--\n"


def put_nights(place, nights, content):
    for night in nights:
        place.put(f"db-{stamp(time.time() - (night + 1) * DAY)}.sql.gz", gzip.compress(content), (night + 1) * DAY)


@lie("files", "a packed dump every night, all of them cut before they were packed")
def test_no_whole_packed_copy(place):
    put_nights(place, range(30), BEGUN)
    place.collect()
    # What was not unpacked yet is neither whole nor cut.
    assert place.value("count") is None and place.value("incomplete") == 1
    assert place.newest("activity") and place.newest("inferred") is None, place.problems()
    place.collect().collect()
    assert place.value("count") == 0 and place.value("incomplete_copies") == 30 and place.newest("activity") is None


@lie("files", "a whole dump lies behind many that were cut before they were packed")
def test_a_whole_packed_copy_behind_cut_ones(place):
    put_nights(place, range(20), BEGUN)
    put_nights(place, range(20, 30), WHOLE)
    place.collect().collect()
    assert place.value("count") == 10 and place.value("incomplete_copies") == 20 and place.newest("inferred")
