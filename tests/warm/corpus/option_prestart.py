#: name = "prestart"
#: args = ["-X", "prestart", "-X", "prestart"]
import sys

print(sys.argv, sys.orig_argv, sys._xoptions)
