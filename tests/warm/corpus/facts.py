#: stdin = "first\n"
# What an interpreter can see of itself and of what is around it, a fact a line.
import sys

modules = sorted(sys.modules)
path_cache = sorted(map(str, sys.path_importer_cache))
own = sorted(globals())
import ctypes
import gc
import locale
import os
import random
import resource
import secrets
import signal
import ssl
import stat
import tempfile
import threading
import traceback
import uuid
import warnings


def fact(name, value):
    print(f"{name}: {value!r}")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def told(what, *args):
    try:
        return what(*args)
    except BaseException as error:
        return f"{type(error).__name__} {error}"


for name in ("argv", "orig_argv", "path", "flags", "_xoptions", "warnoptions", "executable", "prefix", "exec_prefix", "base_prefix",
             "platlibdir", "pycache_prefix", "dont_write_bytecode", "byteorder", "maxsize", "hexversion", "float_repr_style",
             "builtin_module_names", "path_hooks", "meta_path"):
    fact(f"sys.{name}", str(getattr(sys, name)).split(" at 0x")[0])
fact("modules", modules)
fact("importers", path_cache)
fact("globals", own)
fact("__name__", __name__)
fact("__file__", __file__)
fact("__spec__", __spec__)
fact("__loader__", [type(__loader__).__name__, __loader__.name, __loader__.path])
fact("__builtins__", __builtins__.__name__)
fact("main", vars(sys.modules["__main__"]) is globals())
fact("cached", __cached__)
fact("hooks", [sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__, sys.breakpointhook is sys.__breakpointhook__,
               sys.unraisablehook is sys.__unraisablehook__, sys.gettrace(), sys.getprofile(), sys.getswitchinterval()])
fact("ps1", [hasattr(sys, name) for name in ("ps1", "last_value", "last_traceback", "exitfunc", "tracebacklimit")])
fact("recursion", [sys.getrecursionlimit(), len(traceback.extract_stack())])
fact("frames", [sys._getframe(0).f_code.co_name, sys._getframe(0).f_back])
fact("gc", [gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.garbage), gc.get_freeze_count()])
fact("threads", [thread.name for thread in threading.enumerate()])
fact("thread is leader", threading.get_native_id() == os.getpid())
fact("warnings", warnings.filters)
fact("encodings", [sys.getdefaultencoding(), sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), locale.getlocale(),
                   locale.setlocale(locale.LC_ALL), locale.getpreferredencoding()])
for name in ("stdin", "stdout", "stderr"):
    stream = getattr(sys, name)
    fact(name, [stream.name, stream.mode, stream.encoding, stream.errors, stream.line_buffering, stream.write_through, stream.isatty(),
                stream is getattr(sys, f"__{name}__"), told(os.get_blocking, stream.fileno()), os.get_inheritable(stream.fileno())])
fact("signals", {int(number): str(signal.getsignal(number)) for number in signal.valid_signals()})
fact("mask", [signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.sigpending(), signal.getitimer(signal.ITIMER_REAL)])
fact("environ", list(os.environ.items()))
fact("cwd", os.getcwd())
mask = os.umask(0)
os.umask(mask)
fact("umask", oct(mask))
fact("ids", [os.getpid(), os.getppid(), os.getpgid(0), os.getsid(0), os.getresuid(), os.getresgid(), os.getgroups(), os.getpriority(0, 0),
             os.sched_getscheduler(0), told(os.ctermid), told(os.getlogin)])
fact("uname", [os.uname().nodename, os.uname().machine])
fact("limits", {name: resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource)) if name.startswith("RLIMIT_")})


def describe(path):
    found = os.lstat(path)
    return [path, stat.filemode(found.st_mode), found.st_uid, found.st_gid, *([found.st_nlink, found.st_size] if stat.S_ISREG(found.st_mode) else [])]


descriptors = []
for number in sorted(map(int, os.listdir("/proc/self/fd"))):
    where = told(os.readlink, f"/proc/self/fd/{number}")
    descriptors.append([number, where.split(":[")[0], read(f"/proc/self/fdinfo/{number}").split(b"mnt_id")[0] if os.path.exists(f"/proc/self/fdinfo/{number}") else None])
fact("descriptors", descriptors)
with open(__file__) as one:
    fact("next descriptor", one.fileno())
for folder in ("/", "/box", "/box/submission", "/tmp", "/dev", "/dev/shm", "/proc/self/task"):
    names = sorted(told(os.listdir, folder)) if os.path.isdir(folder) else None
    fact(f"folder {folder}", [describe(folder), [describe(os.path.join(folder, name)) for name in names] if folder != "/proc/self/task" else names] if names is not None else None)
fact("processes", [[name, told(read, f"/proc/{name}/comm")] for name in sorted(os.listdir("/proc")) if name.isdigit()])
fact("cmdline", read("/proc/self/cmdline").split(b"\0"))
fact("environ file", read("/proc/self/environ").split(b"\0"))
for name in ("comm", "cgroup", "oom_score_adj", "limits", "loginuid", "sessionid", "setgroups", "personality", "timerslack_ns", "attr/current", "coredump_filter"):
    fact(name, told(read, f"/proc/self/{name}"))
for line in read("/proc/self/status").decode().splitlines():
    name, value = line.split(":", 1)
    if not name.startswith(("Vm", "Rss", "Hugetlb", "voluntary", "nonvoluntary")):
        fact(f"status {name}", value.split())
fields = read("/proc/self/stat").decode().rsplit(")", 1)[1].split()
fact("stat", [fields[at] for at in (1, 2, 3, 4, 5, 6, 15, 16, 17, 28, 29, 30, 31, 35, 37, 38)])
fact("mounts", [line.split(" - ")[0].split(" ")[4:] for line in read("/proc/self/mountinfo").decode().splitlines()])
fact("maps", sorted({line.split()[5] for line in read("/proc/self/maps").decode().splitlines() if len(line.split()) > 5}))
fact("children", told(read, "/proc/self/task/1/children"))
fact("stdin read", [sys.stdin.read(), sys.stdin.read()])
fact("input", told(input))
fact("children after fork", [os.waitstatus_to_exitcode(os.waitpid(os.fork() or os._exit(5), 0)[1])])
death = ctypes.c_int(-1)
libc = ctypes.CDLL(None)
# PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_GET_KEEPCAPS, PR_GET_TIMERSLACK of <linux/prctl.h>.
fact("prctl", [libc.prctl(2, ctypes.byref(death)), death.value, libc.prctl(3), libc.prctl(7), libc.prctl(30)])
print("fresh random:", random.random())
print("fresh uuid:", uuid.uuid4())
print("fresh uuid by time:", uuid.uuid1())
print("fresh ssl:", ssl.RAND_bytes(8).hex())
print("fresh secret:", secrets.token_hex())
print("fresh kernel's:", os.urandom(8).hex())
print("fresh name:", tempfile.mktemp())
print("fresh hash:", hash("x"))
print("fresh auxv:", told(read, "/proc/self/auxv"))
