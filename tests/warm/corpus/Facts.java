//: stdin = "first\n"
// What a program can see of its JVM and of what is around it, a fact a line.
import java.io.*;
import java.lang.management.*;
import java.lang.reflect.*;
import java.nio.charset.Charset;
import java.nio.file.*;
import java.nio.file.attribute.*;
import java.security.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;

public class Facts {
    static void fact(String name, Object value) {
        System.out.println(name + ": " + String.valueOf(value).replace("\n", "\\n"));
    }

    static Object told(Callable<?> what) {
        try {
            return what.call();
        } catch (Throwable error) {
            return error.toString();
        }
    }

    static String read(String path) throws IOException {
        return new String(Files.readAllBytes(Path.of(path)), "ISO-8859-1").replace('\0', '|');
    }

    public static void main(String[] args) throws Throwable {
        var threads = Thread.getAllStackTraces();
        var stack = new Throwable().getStackTrace();
        fact("next descriptor", told(() -> {
            try (var in = new FileInputStream("/etc/passwd")) {
                return Files.list(Path.of("/proc/self/fd")).map(Path::getFileName).map(Path::toString).map(Integer::valueOf).sorted().collect(Collectors.toList());
            }
        }));
        fact("descriptors", Stream.of(new File("/proc/self/fd").list()).map(Integer::valueOf).sorted()
                .map(n -> n + "=" + told(() -> Files.readSymbolicLink(Path.of("/proc/self/fd/" + n)).toString().split(":\\[")[0])).collect(Collectors.toList()));
        fact("args", Arrays.toString(args));
        var properties = new TreeMap<>(System.getProperties());
        fact("properties", properties.keySet());
        properties.forEach((name, value) -> fact("property " + name, value.toString().replaceAll("[0-9]{6,}", "N")));
        fact("environment", new TreeMap<>(System.getenv()));
        fact("thread", Thread.currentThread() + " " + Thread.currentThread().getId() + " " + Thread.currentThread().getContextClassLoader().getClass());
        fact("groups", Thread.currentThread().getThreadGroup().getParent() + " " + Thread.currentThread().getUncaughtExceptionHandler());
        fact("threads", threads.keySet().stream().map(thread -> thread.getName() + "/" + thread.getPriority() + "/" + thread.isDaemon()).sorted().collect(Collectors.toList()));
        fact("stack", Arrays.toString(stack));
        var loader = Facts.class.getClassLoader();
        fact("loader", loader.getClass() + " " + loader.getName());
        for (var at = loader.getParent(); at != null; at = at.getParent()) fact("parent loader " + at.getName(), at.getClass() + " " + Arrays.toString(at.getDefinedPackages()));
        fact("system loader", ClassLoader.getSystemClassLoader().getName());
        fact("domain", Facts.class.getProtectionDomain().getCodeSource().toString().replaceAll("[0-9]{6,}", "N"));
        fact("module", Facts.class.getModule().getName() + " " + Facts.class.getPackage() + " " + loader.getUnnamedModule().isNamed());
        fact("resources", loader.getResource("Facts.class").getPath().replaceAll("[0-9]{6,}", "N") + " " + loader.getResource("Facts.java") + " " + ClassLoader.getSystemResource("Facts.java") + " " + ClassLoader.getSystemResource("data/x.bin")
                + " " + Facts.class.getResource("/META-INF/MANIFEST.MF"));
        fact("launcher", Collections.list(loader.getResources("codecapsule/Launcher.class")) + " " + told(() -> Class.forName("codecapsule.Launcher")));
        for (String name : List.of("com.sun.tools.javac.launcher.Main", "sun.misc.Unsafe", "java.sql.Driver"))
            fact("class " + name, told(() -> Class.forName(name)));
        fact("layer", ModuleLayer.boot().modules().stream().map(Module::getName).sorted().collect(Collectors.toList()));
        for (String name : List.of("jdk.compiler", "java.base"))
            fact("exports of " + name, ModuleLayer.boot().findModule(name).map(module -> module.getPackages().stream().filter(it -> module.isExported(it, Facts.class.getModule()) || module.isExported(it, ClassLoader.getSystemClassLoader().getUnnamedModule())).sorted().collect(Collectors.toList())).orElse(null));
        fact("opens", Object.class.getModule().isOpen("java.lang", Facts.class.getModule()));
        var runtime = ManagementFactory.getRuntimeMXBean();
        fact("arguments", runtime.getInputArguments());
        fact("class path", runtime.getClassPath().replaceAll("[0-9]{6,}", "N") + " " + runtime.isBootClassPathSupported() + " " + runtime.getLibraryPath());
        fact("management", runtime.getName() + " " + runtime.getVmName() + " " + runtime.getPid());
        fact("collectors", ManagementFactory.getGarbageCollectorMXBeans().stream().map(bean -> bean.getName()).collect(Collectors.toList()));
        fact("collections", ManagementFactory.getGarbageCollectorMXBeans().stream().map(bean -> bean.getCollectionCount()).collect(Collectors.toList()));
        fact("pools", ManagementFactory.getMemoryPoolMXBeans().stream().map(bean -> bean.getName() + "=" + bean.getUsage().getMax()).collect(Collectors.toList()));
        fact("process", told(() -> { var me = ProcessHandle.current(); return me.pid() + " " + me.parent() + " " + me.children().count() + " " + me.info().command() + " " + me.info().user(); }));
        fact("command line", ProcessHandle.current().info().commandLine());
        fact("machine", Runtime.getRuntime().maxMemory() + " " + Runtime.getRuntime().availableProcessors() + " " + Runtime.version());
        fact("locale", Locale.getDefault() + " " + Charset.defaultCharset() + " " + TimeZone.getDefault().getID() + " " + System.lineSeparator().length());
        fact("security", Arrays.toString(Security.getProviders()));
        fact("assertions", Facts.class.desiredAssertionStatus() + " " + told(() -> { assert false; return "off"; }));
        fact("streams", System.in.getClass() + " " + System.console() + " " + System.out.checkError());
        for (String name : List.of("cmdline", "environ", "comm", "cgroup", "limits", "oom_score_adj")) fact(name, told(() -> read("/proc/self/" + name)));
        for (String line : read("/proc/self/status").split("\n"))
            if (!line.matches("(Vm|Rss|Huge|voluntary|nonvol|Threads).*")) fact("status " + line.split(":")[0], line);
        fact("tasks", Stream.of(new File("/proc/self/task").list()).map(task -> told(() -> read("/proc/self/task/" + task + "/comm").trim().replaceAll("#?[0-9]+$", ""))).map(String::valueOf).sorted().distinct().collect(Collectors.toList()));
        fact("processes", Stream.of(new File("/proc").list()).filter(name -> name.matches("\\d+")).sorted().collect(Collectors.toList()));
        fact("maps", Stream.of(read("/proc/self/maps").split("\n")).map(line -> line.split("\\s+")).filter(line -> line.length > 5).map(line -> line[5]).distinct().sorted().collect(Collectors.toList()));
        for (String folder : List.of("/", "/box", "/box/submission", "/tmp", "/dev/shm"))
            fact("folder " + folder, told(() -> Stream.of(new File(folder).list()).sorted().map(name -> told(() -> {
                var found = Files.readAttributes(Path.of(folder, name), PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                return name.replaceAll("[0-9]{6,}", "N") + " " + found.owner() + " " + PosixFilePermissions.toString(found.permissions()) + (found.isRegularFile() ? found.size() : "");
            })).collect(Collectors.toList())));
        fact("work", new File("").getAbsolutePath());
        fact("stdin", new String(System.in.readAllBytes()) + System.in.read());
        fact("scanner", told(() -> new Scanner(System.in).nextLine()));
        fact("loading", ManagementFactory.getClassLoadingMXBean().isVerbose());
        fact("flags", ((com.sun.management.HotSpotDiagnosticMXBean) ManagementFactory.getPlatformMXBean(com.sun.management.HotSpotDiagnosticMXBean.class)).getDiagnosticOptions());
        System.out.println("fresh random: " + new Random().nextLong());
        System.out.println("fresh math: " + Math.random());
        System.out.println("fresh thread: " + ThreadLocalRandom.current().nextLong());
        System.out.println("fresh secure: " + new SecureRandom().nextLong());
        System.out.println("fresh uuid: " + UUID.randomUUID());
        System.out.println("fresh name: " + Files.createTempFile("x", "y"));
        System.out.println("fresh split: " + new SplittableRandom().nextLong());
        System.out.println("fresh start: " + runtime.getStartTime());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
        throw new IllegalStateException("at the end", new IOException("cause"));
    }
}
