#: name = "prestart"
import sys

print(sys.argv, sys.orig_argv, sys._xoptions)
