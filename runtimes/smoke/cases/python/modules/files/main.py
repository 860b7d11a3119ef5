import bz2
import ctypes
import curses
import dbm.ndbm
import decimal
import hashlib
import lzma
import multiprocessing
import readline
import sqlite3
import ssl
import subprocess
import sys
import uuid
import xml.etree.ElementTree
import zlib
import zoneinfo
from datetime import datetime


def square(number):
    return number * number


if __name__ == "__main__":
    for codec in (bz2, lzma, zlib):
        assert codec.decompress(codec.compress(b"text")) == b"text"
    assert ctypes.CDLL(None).abs(-3) == 3
    curses.setupterm("xterm", 1)
    assert decimal.Decimal("0.1") * 3 == decimal.Decimal("0.3")
    assert hashlib.new("sha3_256", b"").digest_size == 32
    assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
    assert ssl.create_default_context().check_hostname
    assert uuid.uuid4().version == 4
    assert xml.etree.ElementTree.fromstring("<a>b</a>").text == "b"
    assert datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")).utcoffset().seconds == 7200
    with multiprocessing.Pool(2) as pool:
        assert pool.map(square, range(4)) == [0, 1, 4, 9]
    # An interpreter that a program starts needs nothing of its environment.
    child = subprocess.run([sys.executable, "-c", "import ssl; print('child')"], env={}, capture_output=True, text=True)
    print(child.stdout, child.stderr, end="")
