import os
os.chmod("/box", 0o755)
print("ran in", os.getcwd(), os.path.islink("/box/submission"))
canary = open("canary.txt").read().strip()
for name in sorted(name for name in os.listdir(".") if name not in ("fifo", "run.py", "compile.py")):
    try:
        if "CANARY" in open(name, errors="replace").read(): print("WRONG read through", name)
    except OSError: pass
    try:
        open(name, "a").write("overwritten") if name.startswith("link") or name == "a.out" else None
    except OSError: pass
for act in (os.chmod, lambda path, mode: os.chown(path, 1000, 1000), lambda path, mode: os.truncate(path, 0)):
    try:
        act(canary, 0o777)
        print("WRONG reached the canary")
    except OSError: pass
