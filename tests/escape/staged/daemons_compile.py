# Leaves daemons of every kind behind, which wait for the run stage, then says that it is done.
import ctypes, os, signal, sys, time

def daemon(kind):
    if os.fork() != 0:
        return
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    if kind == "silent":
        for number in range(0, 3): os.close(number)
    if kind == "stopped":
        os.kill(os.getpid(), signal.SIGSTOP)
    while True:
        if kind == "forking":
            if os.fork() != 0: os._exit(0)
        elif kind == "hunting":
            # The waiting run holder, or the program it becomes.
            for pid in range(1, 60):
                if pid != os.getpid():
                    for act in (signal.SIGSTOP, signal.SIGKILL):
                        try: os.kill(pid, act)
                        except OSError: pass
                    try: open(f"/proc/{pid}/mem", "r+b")
                    except OSError: pass
                    ctypes.CDLL(None).ptrace(16, pid, 0, 0)
        else:
            try: open("/box/submission/alive", "a").write(kind)
            except OSError: pass
            time.sleep(0.001)

for kind in ("plain", "silent", "stopped", "forking"):
    daemon(kind)
if "hunting" in sys.argv[0]: daemon("hunting")
# The holder of the run stage is there, on another uid: out of reach.
for pid in range(1, 10):
    if pid not in (os.getpid(),) and os.path.exists(f"/proc/{pid}/root") and os.stat(f"/proc/{pid}").st_uid == 999:
        print("WRONG sees", pid)
time.sleep(0.05)
