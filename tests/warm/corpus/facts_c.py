#: source = "facts.py"
#: name = "-c"
#: args = ["print(1)"]
