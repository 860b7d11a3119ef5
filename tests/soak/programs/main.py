import sys
print("NONCE", sys.argv[1], sys.stdin.read().strip(), sep="\n")
for line in range(LINES):
    print("NONCE", line)
