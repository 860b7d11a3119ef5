//: chopped = true

