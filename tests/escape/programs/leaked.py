# Gets a descriptor of a folder that the jail does not have, and tries what could be done with it.
import array, os, socket

door = socket.socket(socket.AF_UNIX)
door.bind("door")
os.chmod("door", 0o777)
door.listen()
connection, _ = door.accept()
_, messages, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(4))
leaked = array.array("i", messages[0][2])[0]


def attempt(name, work):
    try:
        work()
        print(name, "works", flush=True)
    except OSError as error:
        print(name, error.strerror, flush=True)


attempt("list", lambda: os.listdir(leaked))
attempt("open", lambda: os.open("secret", os.O_RDONLY, dir_fd=leaked))
attempt("write", lambda: os.open("public", os.O_WRONLY, dir_fd=leaked))
attempt("make", lambda: os.mkdir("made", dir_fd=leaked))
attempt("by proc", lambda: open(f"/proc/self/fd/{leaked}/secret"))
attempt("go there", lambda: os.fchdir(leaked))
attempt("from there", lambda: open("secret"))
attempt("above", lambda: os.listdir(".."))
attempt("execute", lambda: os.execv("./tool", ["./tool"]))
