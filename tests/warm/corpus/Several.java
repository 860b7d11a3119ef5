//: name = "Main.java"
//: file = [{name = "Helper.java", content = "public class Helper { static int f(int x) { return 1 / x; } }"}, {name = "text.txt", content = "a text"}]
public class Main { public static void main(String[] args) throws Exception { System.out.println(Main.class.getClassLoader().getResource("text.txt") + " " + ClassLoader.getSystemResource("text.txt") + new java.io.File("text.txt").exists() + args.length); Helper.f(0); } }
