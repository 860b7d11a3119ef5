import os, time
def wrong(*what): print("WRONG", *what)
try: before = os.stat("alive").st_size
except OSError: before = None
time.sleep(0.2)
after = os.stat("alive").st_size if before is not None else None
if before != after: wrong("a daemon of compile still writes")
pids = [name for name in os.listdir("/proc") if name.isdigit()]
if pids != [str(os.getpid())]: wrong("processes", pids)
try:
    os.kill(-1, 0)
    wrong("somebody else lives")
except ProcessLookupError:
    pass
print("alone", before is not None)
