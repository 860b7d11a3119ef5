//: source = "facts.js"
//: name = "-c"
//: args = ["--", "--inspect"]
