package codecapsule;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Runs a job of several Java files as {@code java Main.java} runs one: compiles every {@code .java} file below the
 * working folder in one go and runs the first class of the main file in the same JVM. Messages and exit codes are those
 * of the JDK's own source launcher.
 */
public final class Launcher {
    /** What the JDK's source launcher compiles with. */
    private static final List<String> COMPILER_OPTIONS =
            List.of("-proc:none", "-Xdiags:verbose", "-Xlint:deprecation", "-Xlint:unchecked", "-Xlint:-options");

    /**
     * Arguments: the main file's path, then the program's own. Without any it is started before the job comes, and waits for
     * them; a job of one file is then for the JDK's source launcher. This is the last line of stack traces, and all above it is
     * as without.
     */
    public static void main(String[] args) throws Throwable {
        String[] words = args.length > 0 ? args : Prestart.await();
        try {
            if (args.length == 0 && isOnly(words[0])) {
                Prestart.sourceLauncher(words).invoke();
                return;
            }
            Path classes = Files.createTempDirectory("classes");
            String mainClass = compile(words[0], classes);
            execute(mainClass, classes, Arrays.copyOfRange(words, 1, words.length));
        } catch (LaunchFailure failure) {
            System.err.println("error: " + failure.getMessage());
            System.exit(1);
        } catch (InvocationTargetException ofSource) {
            throw ofSource.getCause();
        } catch (Throwable thrown) {
            Prestart.exitIfFault(thrown);
            throw thrown;
        }
    }

    private static boolean isOnly(String mainFile) throws IOException {
        return sourceFiles(mainFile).size() == 1;
    }

    /** Compiles everything and returns the name of the main file's first class. */
    private static String compile(String mainFile, Path classes) throws IOException, LaunchFailure {
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            var options = Stream.concat(Stream.of("-d", classes.toString()), COMPILER_OPTIONS.stream());
            Iterable<? extends JavaFileObject> sources = files.getJavaFileObjectsFromPaths(sourceFiles(mainFile));
            var task = (JavacTask) compiler.getTask(
                    null, files, null, options.collect(Collectors.toList()), null, sources);
            CompilationUnitTree main = task.parse().iterator().next();
            String mainClass = firstClass(main);
            var diagnosed = task.generate();
            if (!diagnosed.iterator().hasNext()) {
                throw new LaunchFailure("compilation failed");
            }
            return mainClass;
        }
    }

    /** All sources below the working folder, the main file first. */
    private static List<Path> sourceFiles(String mainFile) throws IOException {
        Path main = Path.of(mainFile).normalize();
        try (Stream<Path> found = Files.walk(Path.of(""))) {
            Stream<Path> others = found
                    .filter(path -> path.toString().endsWith(".java") && Files.isRegularFile(path))
                    .filter(path -> !path.equals(main))
                    .sorted();
            return Stream.concat(Stream.of(main), others).collect(Collectors.toList());
        }
    }

    private static String firstClass(CompilationUnitTree unit) throws LaunchFailure {
        String name = unit.getTypeDecls().stream()
                .filter(ClassTree.class::isInstance)
                .map(type -> ((ClassTree) type).getSimpleName().toString())
                .findFirst()
                .orElseThrow(() -> new LaunchFailure("no class declared in source file"));
        return unit.getPackageName() == null ? name : unit.getPackageName() + "." + name;
    }

    private static void execute(String mainClass, Path classes, String[] args) throws Throwable {
        URL[] path = {classes.toUri().toURL()};
        var loader = new URLClassLoader(path, ClassLoader.getSystemClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        System.setProperty("java.class.path", classes + File.pathSeparator + ".");
        try {
            Method main = Class.forName(mainClass, true, loader).getDeclaredMethod("main", String[].class);
            int required = Modifier.PUBLIC | Modifier.STATIC;
            if ((main.getModifiers() & required) != required || main.getReturnType() != void.class) {
                throw new LaunchFailure("'main' method is not declared 'public static' with a return type of 'void'");
            }
            main.setAccessible(true);
            main.invoke(null, (Object) args);
        } catch (NoSuchMethodException absent) {
            throw new LaunchFailure("can't find main(String[]) method in class: " + mainClass);
        } catch (InvocationTargetException thrown) {
            throw withoutOwnFrames(thrown);
        }
    }

    /** The program's exception, with a stack trace that ends at its main method. */
    private static Throwable withoutOwnFrames(InvocationTargetException thrown) {
        Throwable cause = thrown.getCause();
        StackTraceElement[] frames = cause.getStackTrace();
        int own = thrown.getStackTrace().length;
        cause.setStackTrace(Arrays.copyOf(frames, Math.max(0, frames.length - own)));
        return cause;
    }

    /** Why a program could not be started, in the source launcher's words. */
    private static final class LaunchFailure extends Exception {
        LaunchFailure(String message) {
            super(message);
        }
    }
}
