//: source = "facts.js"
//: name = "inspect"
//: args = ["--", "--inspect"]
