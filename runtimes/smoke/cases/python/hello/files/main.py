print("hello", "\u00e9")
