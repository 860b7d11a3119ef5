package codecapsule;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import jdk.internal.access.SharedSecrets;

/**
 * Is started before its job comes: has the compiler loaded, says so on descriptor 3, waits there for the job's words, and then does what
 * {@code java Main.java} does, or {@link Launcher} for several files.
 */
public final class Prestart {
    /** Where the words are: the main file's name and the program's arguments, each ended by a NUL. */
    private static final int WORDS = 3;

    /** What is compiled to have the compiler ready, and never run. */
    private static final String EXAMPLE =
            "import java.util.*; public class Main { public static void main(String[] args) { List<String> all = new ArrayList<>();"
                    + " for (String arg : args) all.add(arg + 1); System.out.println(all); } }";

    public static void main(String[] ignored) throws Throwable {
        compileExample();
        System.gc();
        String[] words = await();
        // As the JDK's own launcher has them.
        System.setProperty("java.class.path", ".");
        System.setProperty("sun.java.command", "jdk.compiler/com.sun.tools.javac.launcher.Main " + String.join(" ", words));
        if (hasSeveralSources()) {
            Launcher.main(words);
        } else {
            com.sun.tools.javac.launcher.Main.main(words);
        }
    }

    private static String[] await() throws IOException {
        var number = new FileDescriptor();
        SharedSecrets.getJavaIOFileDescriptorAccess().set(number, WORDS);
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

    private static boolean hasSeveralSources() throws IOException {
        try (Stream<Path> found = Files.walk(Path.of(""))) {
            return found.filter(path -> path.toString().endsWith(".java") && Files.isRegularFile(path)).limit(2).count() > 1;
        }
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
