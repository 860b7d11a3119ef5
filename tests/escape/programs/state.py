# With `leave`: leaves something of every kind behind. With `look`: nothing of it may be there.
import ctypes, errno, fcntl, os, socket, sys, time

libc = ctypes.CDLL(None, use_errno=True)
KEY = 0x5EC2E7
def wrong(*what): print("WRONG", *what)
def call(name, *args):
    result = getattr(libc, name)(*args)
    return result, ctypes.get_errno() if result < 0 else 0

if sys.argv[1] == "leave":
    for folder in ("/box", "/box/submission", "/tmp", "/dev/shm"):
        open(folder + "/left", "w").write("left")
        os.chmod(folder + "/left", 0o6777)
    for folder in ("/piston/packages", "/usr", "/etc", "/run", "/var", "/dev", "/"):
        try:
            open(folder + "/left", "w")
            wrong("wrote to", folder)
        except OSError as error:
            if error.errno != errno.EROFS: wrong(folder, error)
    for name, args in (("shmget", (KEY, 4096, 0o1666)), ("semget", (KEY, 1, 0o1666)), ("msgget", (KEY, 0o1666))):
        if call(name, *args)[0] < 0: wrong(name)
    libc.mq_open.restype = ctypes.c_int
    if call("mq_open", b"/left", os.O_CREAT | os.O_RDWR, 0o666, None)[0] < 0: wrong("mq_open")
    if call("shm_open", b"/posix", os.O_CREAT | os.O_RDWR, 0o666)[0] < 0: wrong("shm_open")
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0left")
    abstract.listen()
    tcp = socket.socket()
    tcp.bind(("127.0.0.1", 5555))
    tcp.listen()
    if os.fork() == 0:
        os.setsid()
    if len(sys.argv) > 2:
        print("left", flush=True)
        time.sleep(float(sys.argv[2]))
    print("left")
else:
    for folder in ("/box", "/tmp", "/dev/shm"):
        found = [name for name in os.listdir(folder) if name != "submission"]
        if found: wrong(folder, found)
    if os.listdir("/box/submission") != ["main.py"]: wrong("submission", os.listdir("/box/submission"))
    for name, args in (("shmget", (KEY, 0, 0)), ("semget", (KEY, 0, 0)), ("msgget", (KEY, 0))):
        result, error = call(name, *args)
        if error != errno.ENOENT: wrong(name, result, error)
    if call("mq_open", b"/left", os.O_RDWR)[1] != errno.ENOENT: wrong("mq_open")
    if call("shm_open", b"/posix", os.O_RDWR, 0)[1] != errno.ENOENT: wrong("shm_open")
    for address in ("\0left", ("127.0.0.1", 5555)):
        try:
            socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET).connect(address)
            wrong("connected to", address)
        except ConnectionRefusedError:
            pass
    for number in (248, 249, 250):
        if libc.syscall(number, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != errno.ENOSYS: wrong("keyring", number)
    print("nothing")
