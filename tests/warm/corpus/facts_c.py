#: source = "facts.py"
#: name = "-c"
