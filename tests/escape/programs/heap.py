kept = []
while True:
    kept.append(bytes(1 << 20).replace(b"\0", b"a"))
