print("Hello, " .. arg[1], io.read("l"), _VERSION, #arg)
