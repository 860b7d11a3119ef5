//: name = "a/Main.java"
//: file = [{name = "b/Helper.java", content = "package b; public class Helper { int f() { return \"x\"; } }"}]
package a;
public class Main { public static void main(String[] args) { System.out.println(new b.Helper()); } }
