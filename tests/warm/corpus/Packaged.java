//: name = "file0.code"
package a.b;
class First { public static void main(String... args) throws Exception { System.out.println(First.class + " " + Second.x + " " + First.class.getPackageName() + new Throwable().getStackTrace()[0]); new Second().fail(); } }
class Second { static int x = 1; void fail() { throw new Error("below"); } }
