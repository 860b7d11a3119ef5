#: inputs = ["error", "kill", "stack"]
#: request = {run_memory_limit = 50331648}
# Into the limit on memory, three ways.
import sys

how = input()
match how:
    case "error":
        bytearray(1 << 50)
    case "kill":
        x = []
        while True:
            x.append(bytearray(1 << 20))
    case "stack":
        sys.setrecursionlimit(10**9)

        def deep():
            deep()

        deep()
