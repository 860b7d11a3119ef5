# No descriptor but the three, none of them leads anywhere, nothing of the daemon is in sight.
import errno, os, stat, sys

def wrong(*what): print("WRONG", *what)
open_now = [int(n) for n in os.listdir("/proc/self/fd")]
listing = max(open_now)
if sorted(open_now)[:-1] != [0, 1, 2] or listing != 3: wrong("descriptors", open_now)
for number in range(3, 1200):
    for act in (lambda: os.write(number, b"marker"), lambda: os.read(number, 1), lambda: os.fstat(number), lambda: os.dup(number)):
        try:
            act()
            wrong("descriptor", number)
        except OSError as error:
            if error.errno != errno.EBADF: wrong(number, error)
root = os.stat("/")
for number in (0, 1, 2):
    link = os.readlink(f"/proc/self/fd/{number}")
    if not link.startswith("pipe:["): wrong(number, "is", link)
    status = os.fstat(number)
    if (status.st_uid, status.st_gid) != (1000, 1000): wrong(number, "belongs to", status.st_uid)
    for way in ("..", "../..", "../../../../../../etc/shadow"):
        try:
            wrong("went", os.stat(f"/proc/self/fd/{number}/{way}"))
        except NotADirectoryError:
            pass
for start in ("/proc/self/cwd", "/proc/self/root", "/proc/thread-self/cwd", "/box/submission"):
    for depth in range(1, 12):
        seen = os.stat(start + "/.." * depth)
        if depth >= 3 and (seen.st_dev, seen.st_ino) != (root.st_dev, root.st_ino): wrong("walked out by", start, depth)
if os.readlink("/proc/self/cwd") != "/box/submission" or os.readlink("/proc/self/root") != "/": wrong("cwd or root")
for path in ("/proc/self/exe", "/proc/1/exe", "/usr/bin/sh", "/usr/bin/env", "/proc/self/map_files"):
    for flags in (os.O_WRONLY, os.O_RDWR | os.O_TRUNC):
        try:
            os.open(path, flags)
            wrong("opened", path)
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.ENOENT, errno.ETXTBSY, errno.EACCES, errno.EISDIR): wrong(path, error)
pids = [name for name in os.listdir("/proc") if name.isdigit()]
if pids != [str(os.getpid())]: wrong("processes", pids)
for pid in range(1, 200):
    if pid != os.getpid() and os.path.exists(f"/proc/{pid}/exe"): wrong("process", pid)
# Init's own channels are there, without names and out of reach.
named = [line for line in open("/proc/self/net/unix").read().splitlines()[1:] if len(line.split()) > 7]
if named: wrong("sockets", named)
for key, value in os.environ.items():
    if "CARGO" in key or "RUST" in key or key in ("CAPSULE_SECRET", "PISTON_SECRET") or "hunter2" in value: wrong("environment", key)
print("looked at", sorted(os.environ))
