//: inputs = ["3", "throw", "hook exit", "thread", "daemon", "term", "kill", "stack", "memory", "cause", "closed", "child", "access",
//:           "resource", "compile"]
// Each way in which a program can end, chosen by stdin.
import java.io.*;
import java.util.*;

class Exits {
    static int deep(int n) {
        return deep(n + 1) + 1;
    }

    static void signal(String name) throws Exception {
        new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " $PPID").start().waitFor();
        Thread.sleep(500);
    }

    public static void main(String[] args) throws Exception {
        String how = new String(System.in.readAllBytes()).trim();
        System.out.print("starts ");
        switch (how) {
            case "3" -> System.exit(3);
            case "throw" -> throw new IllegalArgumentException("of main");
            case "hook exit" -> {
                Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(6)));
                System.exit(1);
            }
            case "thread" -> new Thread(() -> { throw new RuntimeException("of a thread"); }, "named").start();
            case "daemon" -> {
                var thread = new Thread(() -> { try { Thread.sleep(100_000); } catch (InterruptedException e) { } });
                thread.setDaemon(true);
                thread.start();
            }
            case "term" -> signal("TERM");
            case "kill" -> signal("KILL");
            case "stack" -> {
                try {
                    deep(0);
                } catch (StackOverflowError error) {
                    System.out.println(error + " " + error.getStackTrace().length);
                }
            }
            case "memory" -> {
                var all = new ArrayList<long[]>();
                try {
                    while (true) all.add(new long[100_000]);
                } catch (OutOfMemoryError error) {
                    all = null;
                    System.out.println(error);
                }
            }
            case "cause" -> {
                try {
                    List.of(1).add(2);
                } catch (UnsupportedOperationException error) {
                    throw new RuntimeException("outer", error);
                }
            }
            case "closed" -> {
                System.out.close();
                System.out.println("x");
            }
            case "child" -> {
                var child = new ProcessBuilder("/bin/sh", "-c", "ls /proc/self/fd; umask; ulimit -a").redirectErrorStream(true).start();
                System.out.println(new String(child.getInputStream().readAllBytes()) + child.waitFor());
            }
            case "access" -> {
                var field = Class.forName("jdk.internal.access.SharedSecrets").getDeclaredMethods()[0];
                field.setAccessible(true);
            }
            case "resource" -> System.out.println(Exits.class.getResource("Exits.class").getPath() + " " + Exits.class.getClassLoader().getResourceAsStream("Exits.java"));
            case "compile" -> {
                var compiler = javax.tools.ToolProvider.getSystemJavaCompiler();
                try (var out = new FileWriter("/tmp/X.java")) { out.append("class X { int x() { } }"); }
                System.out.println(compiler.run(null, System.out, System.out, "/tmp/X.java"));
                var diagnosed = new File("/tmp").list();
                Arrays.sort(diagnosed);
                System.out.println(Arrays.toString(diagnosed));
            }
            default -> { }
        }
    }
}
