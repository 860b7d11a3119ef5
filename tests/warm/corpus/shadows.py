#: name = "main.py"
#: file = [{name = "sitecustomize.py", content = "print('site')"}, {name = "usercustomize.py", content = "print('user')"},
#:         {name = "posix.py", content = "print('posix')"}, {name = "site.py", content = "print('own site')"},
#:         {name = "codecapsule_prestart.py", content = "print('loader')"}, {name = "helper.py", content = "def f():\n    raise OSError(2, 'x')"},
#:         {name = "random.py", content = "print('random')"}, {name = "pkg/__init__.py", content = "from . import b"},
#:         {name = "pkg/b.py", content = "print(__name__, __package__, __file__, __spec__.origin, __spec__.cached)"},
#:         {name = "prestart.pth", content = "import os; os._exit(9)"}]
# Files of the job that are named as what an interpreter imports when it starts.
import os
import sys

import helper
import pkg
import random

print(sorted(os.listdir(".")), sorted(os.listdir("pkg")), sys.path, sorted(set(sys.modules) & {"site", "posix", "sitecustomize", "usercustomize"}))
import posix
import codecapsule_prestart

for name in ("absent", "pkg.c", "_absent"):
    try:
        __import__(name)
    except ImportError as error:
        print(error, error.name, error.path)
helper.f()
