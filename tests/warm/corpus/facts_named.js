//: source = "facts.js"
//: name = "sub folder/ma in.js"
//: args = ["a b", "", "-c", "--help", "--require", "x", "ünï", "'$x' \"y\" \\ \n z"]
//: stdin = "one\ntwo"
//: file = [{name = "sub folder/helper.js", content = "x = 1"}, {name = "data/x.bin", content = "AAECAw==", encoding = "base64"}]
//: request = {run_memory_limit = 134217728, run_timeout = 7000, run_cpu_time = 6000}
