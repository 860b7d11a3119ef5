//: source = "Facts.java"
//: name = "sub folder/Facts.java"
//: args = ["a b", "", "-c", "--help", "--source", "@x", "ünï", "*", "'$x' \"y\" \\ \n z"]
//: stdin = "one\ntwo"
//: file = [{name = "sub folder/helper.txt", content = "x = 1"}, {name = "data/x.bin", content = "AAECAw==", encoding = "base64"}]
//: request = {run_memory_limit = 268435456, run_timeout = 9000, run_cpu_time = 9000}
