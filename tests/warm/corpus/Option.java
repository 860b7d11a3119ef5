//: name = "./-c.java"
//: args = ["-version"]
class Option { public static void main(String[] args) { System.out.println(java.util.Arrays.toString(args)); } }
