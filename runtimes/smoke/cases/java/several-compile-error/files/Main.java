public class Main { public static void main(String[] a) { Other.f(1); } }
