import time
print("here", flush=True)
time.sleep(1.5)
