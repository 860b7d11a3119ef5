//: name = "data.json"
{"x": 1}
