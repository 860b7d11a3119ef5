//: source = "facts.js"
//: name = "--help"
//: args = ["--", "--inspect"]
