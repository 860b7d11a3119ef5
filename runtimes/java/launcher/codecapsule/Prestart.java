package codecapsule;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import sun.misc.Unsafe;

/**
 * What {@link Launcher} does when it is started before its job comes: has the compiler loaded, says so on descriptor 63, waits there
 * for the job's words, and makes the JVM look as one that was started with them.
 */
final class Prestart {
    /** Where the words are: the main file's name and the program's arguments, each ended by a NUL. */
    private static final int WORDS = 63;

    /** What is compiled to have the compiler ready, and never run. */
    private static final String EXAMPLE =
            "import java.util.*; public class Main { public static void main(String[] args) { List<String> all = new ArrayList<>();"
                    + " for (String arg : args) all.add(arg + 1); System.out.println(all); } }";

    /** The job's words, when they are there. */
    static String[] await() throws Throwable {
        compileExample();
        System.gc();
        String[] words = hear();
        System.setProperty("sun.java.command", Launcher.class.getName() + " " + String.join(" ", words));
        return words;
    }

    /** What {@code java} does with a job of one file. */
    static MethodHandle sourceLauncher(String[] words) throws Throwable {
        String module = "jdk.compiler";
        Class<?> launcher = Class.forName("com.sun.tools.javac.launcher.Main");
        System.setProperty("java.class.path", ".");
        System.setProperty("jdk.module.main.class", launcher.getName());
        System.setProperty("sun.java.command", module + "/" + launcher.getName() + " " + String.join(" ", words));
        var trusted = trusted();
        var make = trusted.findConstructor(launcher, MethodType.methodType(void.class, PrintStream.class));
        var run = MethodType.methodType(void.class, String[].class, String[].class);
        var options = trusted.findStatic(Class.forName("jdk.internal.misc.VM"), "getRuntimeArguments", MethodType.methodType(String[].class));
        return MethodHandles.insertArguments(trusted.findVirtual(launcher, "run", run), 0, make.invoke(System.err), options.invoke(), words);
    }

    /** What the JDK's launcher does when it can't start a program. */
    static void exitIfFault(Throwable thrown) {
        if (thrown.getClass().getName().equals("com.sun.tools.javac.launcher.Main$Fault")) {
            System.err.println(thrown.getMessage());
            System.exit(1);
        }
    }

    private static String[] hear() throws Throwable {
        var make = trusted().findConstructor(FileDescriptor.class, MethodType.methodType(void.class, int.class));
        var number = (FileDescriptor) make.invoke(WORDS);
        new FileOutputStream(number).write('r');
        byte[] text;
        try (var in = new BufferedInputStream(new FileInputStream(number))) {
            text = in.readAllBytes();
        }
        String all = new String(text, StandardCharsets.UTF_8);
        // What follows the last NUL is nothing.
        String[] words = all.split("\0", -1);
        return Arrays.copyOf(words, words.length - 1);
    }

    /** May call what is private to the JDK. Options that export it would do so for the job too, and show in its list of them. */
    private static MethodHandles.Lookup trusted() throws ReflectiveOperationException {
        Field unsafeField = Unsafe.class.getDeclaredField("theUnsafe");
        unsafeField.setAccessible(true);
        var unsafe = (Unsafe) unsafeField.get(null);
        Field lookup = MethodHandles.Lookup.class.getDeclaredField("IMPL_LOOKUP");
        return (MethodHandles.Lookup) unsafe.getObject(unsafe.staticFieldBase(lookup), unsafe.staticFieldOffset(lookup));
    }

    private static void compileExample() {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var source = new SimpleJavaFileObject(URI.create("string:///Main.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreErrors) {
                return EXAMPLE;
            }
        };
        var nowhere = new ForwardingJavaFileManager<JavaFileManager>(compiler.getStandardFileManager(null, null, null)) {
            @Override
            public JavaFileObject getJavaFileForOutput(Location place, String name, JavaFileObject.Kind kind, FileObject from) {
                return new SimpleJavaFileObject(URI.create("string:///" + name + kind.extension), kind) {
                    @Override
                    public java.io.OutputStream openOutputStream() {
                        return java.io.OutputStream.nullOutputStream();
                    }
                };
            }
        };
        compiler.getTask(new StringWriter(), nowhere, null, List.of("-proc:none"), null, List.of(source)).call();
    }
}
