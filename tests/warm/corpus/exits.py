#: inputs = ["3", "text", "none", "true", "big", "negative", "_exit", "term", "segv", "kill", "abort", "interrupt", "raise", "thread",
#:           "threads", "atexit", "unflushed", "closed", "stdout", "full", "recursion", "chain", "group", "unraisable", "warning", "orphan",
#:           "stop", "alarm", "pipe", "fault", "trace", "exec", "frame", "long", "deep", "assertion", "unpicklable", "name", "hint"]
# Each way in which a program can end, chosen by stdin.
import atexit
import os
import signal
import sys
import threading
import time
import warnings

how = sys.stdin.read().strip()
sys.stdout.write("not flushed by hand ")


def later():
    time.sleep(0.1)
    print("later")


def deep(n):
    return deep(n + 1)


class Unraisable:
    def __del__(self):
        raise ValueError("in __del__")


class HowLong:
    def __repr__(self):
        raise RuntimeError("no repr")


match how:
    case "3":
        sys.exit(3)
    case "text":
        sys.exit("a text")
    case "none":
        sys.exit(None)
    case "true":
        sys.exit(True)
    case "big":
        sys.exit(1 << 40)
    case "negative":
        sys.exit(-1)
    case "_exit":
        os._exit(7)
    case "term":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
    case "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    case "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    case "abort":
        os.abort()
    case "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    case "raise":
        raise ValueError("of main")
    case "thread":
        thread = threading.Thread(target=lambda: sys.exit(5) if False else 1 / 0)
        thread.start()
        thread.join()
    case "threads":
        threading.Thread(target=later).start()
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        print("main ends")
    case "atexit":
        for number in range(3):
            atexit.register(print, "handler", number)
        atexit.register(lambda: 1 / 0)
        raise KeyError("then")
    case "unflushed":
        os.write(1, b"before ")
        sys.stderr.write("error without end")
    case "closed":
        os.close(1)
    case "stdout":
        sys.stdout.close()
        print("x")
    case "full":
        sys.stdout = open("/dev/full", "w")
        print("x" * 10)
    case "recursion":
        deep(0)
    case "chain":
        try:
            try:
                {}["missing"]
            except KeyError as error:
                raise ValueError("second") from error
        except ValueError:
            None + 1
    case "group":
        raise ExceptionGroup("several", [ValueError(1), ExceptionGroup("inner", [TypeError("x")])])
    case "unraisable":
        Unraisable()
        x = Unraisable()
    case "warning":
        warnings.warn("careful", DeprecationWarning)
        warnings.warn("care")
        eval("1 is 1")
        open(__file__)
    case "orphan":
        if os.fork() == 0:
            time.sleep(0.3)
            os.write(1, b"child")
            os._exit(0)
    case "stop":
        if (child := os.fork()) == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
            os._exit(4)
        print(os.waitpid(child, os.WUNTRACED))
        os.kill(child, signal.SIGCONT)
        print(os.waitpid(child, 0))
    case "alarm":
        signal.alarm(1)
        time.sleep(5)
    case "pipe":
        reads, writes = os.pipe()
        os.close(reads)
        os.write(writes, b"x")
    case "fault":
        import faulthandler

        faulthandler.enable()
        faulthandler.dump_traceback()
        os.kill(os.getpid(), signal.SIGSEGV)
    case "trace":
        import tracemalloc

        tracemalloc.start()
        sys.settrace(lambda frame, event, arg: print(event, frame.f_code.co_name, frame.f_lineno))
        x = (lambda: 1)()
        sys.settrace(None)
        print(tracemalloc.get_object_traceback(object()))
    case "exec":
        sys.stdout.flush()
        os.execv(sys.executable, sys.orig_argv[:1] + ["-c", "import sys; print(sys.orig_argv, sys._xoptions, sys.argv)"])
    case "frame":
        frame = sys._getframe()
        while frame:
            print(frame.f_code.co_filename, frame.f_code.co_name, frame.f_lineno)
            frame = frame.f_back
    case "long":
        print("x" * 1_000_000_00)
    case "deep":
        print("(" * 1000 + ")" * 1000, eval("(" * 1000 + ")" * 1000))
    case "assertion":
        assert 1 == 2, HowLong()
    case "unpicklable":
        import pickle

        pickle.dumps(lambda: 1)
    case "name":
        prnit(1)
    case "hint":
        "".strp()
