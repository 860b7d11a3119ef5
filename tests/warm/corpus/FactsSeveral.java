//: source = "Facts.java"
//: name = "Facts.java"
//: args = ["a b", ""]
//: file = [{name = "b/Other.java", content = "package b; public class Other {}"}, {name = "data.txt", content = "x"}]
