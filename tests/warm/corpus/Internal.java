//: name = "Main.java"
public class Main { public static void main(String[] args) { jdk.internal.access.SharedSecrets.getJavaLangAccess(); com.sun.tools.javac.launcher.Main.class.getName(); } }
