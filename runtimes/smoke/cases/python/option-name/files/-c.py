print("run as a file")
