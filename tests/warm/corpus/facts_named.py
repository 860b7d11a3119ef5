#: source = "facts.py"
#: name = "sub folder/ma in.py"
#: stdin = "one\ntwo"
#: file = [{name = "sub folder/helper.py", content = "x = 1"}, {name = "data/x.bin", content = "AAECAw==", encoding = "base64"}]
#: request = {run_memory_limit = 67108864, run_timeout = 7000, run_cpu_time = 6000}
