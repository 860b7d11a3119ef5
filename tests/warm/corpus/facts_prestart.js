//: source = "facts.js"
//: name = "prestart.js"
//: args = ["--", "--inspect"]
