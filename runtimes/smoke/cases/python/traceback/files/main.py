import json
import os
import sys

stale = [name for name, module in sys.modules.items()
         if getattr(module, "__cached__", None) and not os.path.exists(module.__cached__)]
print(stale, sys.prefix.startswith("/piston/packages/python/"))
json.loads("{")
