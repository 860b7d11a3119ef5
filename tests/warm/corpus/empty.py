#: name = "empty.py"
#: chopped = true

