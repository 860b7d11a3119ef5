#: inputs = ["busy", "idle", "output"]
#: request = {run_cpu_time = 700, run_timeout = 3000}
# Into the limits on time and output.
import time

print("starts", flush=True)
match input():
    case "busy":
        while True:
            pass
    case "idle":
        time.sleep(10)
    case "output":
        while True:
            print("x" * 10_000)
