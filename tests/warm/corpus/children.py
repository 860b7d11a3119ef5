# What the program itself starts, with descriptors of its own.
import os
import subprocess
import sys

code = "import os, sys; print(sorted(os.listdir('/proc/self/fd')), sys.argv, sys.orig_argv, sys._xoptions, sys.flags, os.getpid(), os.getppid())"
print(subprocess.run([sys.executable, "-c", code, "x"], capture_output=True, text=True))
reads, writes = os.pipe()
os.dup2(reads, 63)
# A descriptor where the loader has its own, and which is nobody else's to read.
child = "import os; os.write(1, os.read(63, 5))"
done = subprocess.Popen([sys.executable, "-c", child], pass_fds=[63], stdout=subprocess.PIPE)
os.write(writes, b"hello")
print(done.communicate(), done.returncode)
print(subprocess._args_from_interpreter_flags())
print(subprocess.run("echo $0 $PPID $$; ls -l /proc/self/fd | wc -l; umask; ulimit -a; cat /proc/self/cgroup", shell=True, capture_output=True, text=True))


def square(x):
    return x * x


if __name__ == "__main__":
    import multiprocessing

    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        process = context.Process(target=print, args=(method,))
        process.start()
        process.join()
        print(process.exitcode, process.pid)
