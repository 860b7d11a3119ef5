# What the inside looks like, line by line. What differs from job to job is replaced or left out.
import fcntl, os, re, resource, socket, stat

def lines_of(path): return open(path).read().splitlines()
def show(key, value): print(f"{key}: {value}")

show("ids", (os.getresuid(), os.getresgid(), os.getgroups()))
for line in lines_of("/proc/self/status"):
    key, _, value = line.partition(":")
    if key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Umask", "TracerPid", "Threads", "SigBlk", "ShdPnd"):
        show(key, value.strip())
for line in lines_of("/proc/self/mountinfo"):
    fields, _, source = line.partition(" - ")
    _, _, _, root, point, flags, *tags = fields.split(" ")
    kind, device, options = source.split(" ")
    # The two folders of the store lie on the host, on whatever it has; all else is the jail's own.
    if point in ("/", "/piston/packages"): kind, options = "host", "read-only data"
    # One for each package that has an image.
    if point.startswith("/piston/packages/") and flags == "ro,nosuid,nodev,relatime": continue
    own = ",".join(option for option in options.split(",") if option not in ("inode64", "inode32"))
    own = re.sub(r"(uid|gid)=\d+", r"\1=its own", own)
    show(f"mount {point}", f"{kind} {flags} | {own} {tags or ''}".strip())
show("proc", " ".join(sorted(name for name in os.listdir("/proc") if not name.isdigit())))
show("pids", [name for name in os.listdir("/proc") if name.isdigit()] == [str(os.getpid())])
show("root", " ".join(sorted(os.listdir("/"))))
show("dev", " ".join(sorted(f"{name}{'@' if os.path.islink('/dev/' + name) else ''}" for name in os.listdir("/dev"))))
for name in ("null", "zero", "full", "random", "urandom"):
    status = os.stat("/dev/" + name)
    show(f"/dev/{name}", (stat.filemode(status.st_mode), os.major(status.st_rdev), os.minor(status.st_rdev), status.st_uid))
show("descriptors", [(n, os.readlink(f"/proc/self/fd/{n}").split(":")[0]) for n in (0, 1, 2)])
show("environment", sorted(key for key in os.environ if key != "LC_CTYPE"))
# The C library lists interfaces by netlink, which is refused.
show("interfaces", [line.split(":")[0].strip() for line in lines_of("/proc/self/net/dev")[2:]])
with socket.socket() as own:
    flags = fcntl.ioctl(own, 0x8913, b"lo".ljust(40, b"\0"))  # SIOCGIFFLAGS
    show("up", bool(flags[16] & 1))
show("routes", len(lines_of("/proc/self/net/route")) - 1)
show("hostname", socket.gethostname())
show("cwd", os.getcwd())
show("session", (os.getsid(0) == os.getpgrp(), os.getppid() in (0, 1)))
for name in sorted(name for name in dir(resource) if name.startswith("RLIMIT_")):
    soft, hard = resource.getrlimit(getattr(resource, name))
    if name not in ("RLIMIT_SIGPENDING", "RLIMIT_STACK", "RLIMIT_OFILE"): show(name, (soft, hard))
show("cgroups", sorted({line.split(":", 2)[2] for line in lines_of("/proc/self/cgroup")}))
show("uid map", [line.split()[0::2] for line in lines_of("/proc/self/uid_map")])
show("gid map", [line.split()[0::2] for line in lines_of("/proc/self/gid_map")])
show("setgroups", lines_of("/proc/self/setgroups"))
for name in ("/box", "/box/submission", "/tmp", "/dev/shm", "/", "/piston/packages"):
    status = os.stat(name)
    show(f"owner of {name}", (stat.filemode(status.st_mode), status.st_uid, status.st_gid))
# Compared with the host's by the test.
for name in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
    print(f"namespace {name}: {os.readlink('/proc/self/ns/' + name)}")
