# A setuid, setgid copy of a program in every writable folder gives nothing.
import os, shutil, subprocess

for folder in ("/box", "/tmp", "/dev/shm"):
    copy = folder + "/cat"
    shutil.copy("/bin/cat", copy)
    for mode in (0o4755, 0o2755, 0o6755):
        os.chmod(copy, mode)
        try:
            text = subprocess.run([copy, "/proc/self/status"], capture_output=True, text=True, check=True).stdout
        except PermissionError:
            if folder != "/dev/shm": print("WRONG not executed in", folder)
            continue
        if folder == "/dev/shm": print("WRONG executed in", folder)
        for line in text.splitlines():
            if line.startswith(("Uid:", "Gid:")) and set(line.split()[1:]) != {"1000"}: print("WRONG", line)
            if line.startswith("Cap") and int(line.split()[1], 16): print("WRONG", line)
print("nothing")
