import sys

import helper

print(sys.argv)
print(helper.shout(sys.stdin.read()))
