#: chopped = true
print("no end of line"); 1/0
