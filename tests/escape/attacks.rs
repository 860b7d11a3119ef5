//! The attacks that one request can carry.

use crate::attack::Attack;
use crate::attack::Expect::{
    CompileFails, Content, Limit, LimitOrOwnEnd, Signal, Stdout, Wall, Within, Without,
};

macro_rules! attack {
    ($name:literal, $language:literal, $file:literal $args:tt $request:tt => $($expect:expr),+) => {
        Attack {
            name: $name,
            language: $language,
            source: include_str!(concat!("programs/", $file)),
            args: &$args,
            request: stringify!($request),
            expect: &[$($expect),+],
        }
    };
}

macro_rules! source {
    ($name:literal, $language:literal, $source:literal => $($expect:expr),+) => {
        Attack { name: $name, language: $language, source: $source, args: &[], request: "{}", expect: &[$($expect),+] }
    };
}

/// Every table, for whoever looks an attack up by its name.
pub(crate) const ALL: [&[Attack]; 6] = [KERNEL, REACH, MEMORY, PROCESSES, OUTPUT, COMPILERS];

/// System calls and their arguments.
pub(crate) const KERNEL: &[Attack] = &[
    attack!("system calls that open the kernel", "c", "kernel.c" [] {} => Content("calls")),
    attack!("socket families, types and options", "c", "sockets.c" [] {} => Content("7871 calls")),
    attack!("32-bit entry", "c", "foreign.c" ["i386"] {} => Signal("SIGSYS"), Stdout("before\n")),
    attack!("32-bit socketcall", "c", "foreign.c" ["i386", "socketcall"] {} => Signal("SIGSYS"), Stdout("before\n")),
    attack!("x32 entry", "c", "foreign.c" ["x32"] {} => Signal("SIGSYS"), Stdout("before\n")),
    attack!("crashes leave no core", "c", "crash.c" [] {} => Content("44 calls")),
    attack!("limits, oom_score_adj, proc and sys", "c", "limits.c" [] {} => Content("calls")),
];

/// Networks, descriptors, files and objects of others.
pub(crate) const REACH: &[Attack] = &[
    attack!("metadata services and the node's port", "python", "network.py" ["NODE"] {"run_timeout": 10000} => Content("calls")),
    attack!("metadata services from javascript", "javascript", "network.js" ["NODE"] {} => Content("7 calls")),
    attack!("metadata services from java", "java", "Network.java" ["NODE"] {} => Content("12 calls")),
    attack!("descriptors, environment, other processes, binaries", "python", "fds.py" [] {} =>
        Content("looked at ['CAPSULE_MEMORY_LIMIT', 'HOME', 'LANG', 'PATH', 'PISTON_LANGUAGE', 'PWD']")),
    attack!("setuid files", "python", "setuid.py" [] {} => Content("nothing")),
    attack!("full file systems, read-only ones", "c", "disk.c" [] {"run_memory_limit": 1073741824} => Content("30 calls")),
    attack!("state left for the next job", "python", "state.py" ["leave"] {} => Content("left")),
    attack!("state found by the next job", "python", "state.py" ["look"] {} => Content("nothing")),
];

/// More than there is. 64 MiB unless a runtime needs more to start.
pub(crate) const MEMORY: &[Attack] = &[
    attack!("memory by heap", "c", "memory.c" ["heap"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by map", "c", "memory.c" ["map"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by stack", "c", "memory.c" ["stack"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by box", "c", "memory.c" ["box"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by tmp", "c", "memory.c" ["tmp"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by shm", "c", "memory.c" ["shm"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by tmpfs", "c", "memory.c" ["tmpfs"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by memfd", "c", "memory.c" ["memfd"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by system v", "c", "memory.c" ["system v"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by queues", "c", "memory.c" ["queues"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by pipes", "c", "memory.c" ["pipes"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by unix", "c", "memory.c" ["unix"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by page tables", "c", "memory.c" ["page tables"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory by arguments", "c", "memory.c" ["arguments"] {"run_memory_limit": 67108864} => Limit("memory"), Within(8000)),
    attack!("memory of python", "python", "heap.py" [] {"run_memory_limit": 67108864} => Limit("memory")),
    attack!("memory of javascript outside its heap", "javascript", "heap.js" [] {"run_memory_limit": 134217728} => Limit("memory")),
    attack!("memory of java outside its heap", "java", "Heap.java" [] {"run_memory_limit": 134217728, "run_timeout": 8000} =>
        LimitOrOwnEnd(&["memory", "wall", "cpu"])),
    attack!("memory of the whole ceiling", "c", "memory.c" ["map"] {} => LimitOrOwnEnd(&["memory", "wall"])),
];

/// Too many, and such as would rather stay.
pub(crate) const PROCESSES: &[Attack] = &[
    attack!("the number of processes", "c", "bomb.c" ["count"] {} => Content("64 EAGAIN")),
    attack!("the number of threads", "c", "bomb.c" ["threads"] {} => Content("64")),
    attack!("orphans faster than init collects", "c", "bomb.c" ["storm"] {} => Content("the end")),
    attack!("bomb by fork", "c", "bomb.c" ["fork"] {"run_timeout": 600} => LimitOrOwnEnd(&["wall", "processes"]), Wall(2000)),
    attack!("bomb by vfork", "c", "bomb.c" ["vfork"] {"run_timeout": 600} => LimitOrOwnEnd(&["wall", "processes"]), Wall(2000)),
    attack!("bomb by thread", "c", "bomb.c" ["thread"] {"run_timeout": 600} => LimitOrOwnEnd(&["wall", "processes"]), Wall(2000)),
    attack!("bomb by orphans", "c", "bomb.c" ["orphans"] {"run_timeout": 600} => LimitOrOwnEnd(&["wall", "processes"]), Wall(2000)),
    attack!("bomb by sessions", "c", "bomb.c" ["sessions"] {"run_timeout": 600} => LimitOrOwnEnd(&["wall", "processes"]), Wall(2000)),
    attack!("bomb by exec", "c", "bomb.c" ["exec"] {"run_timeout": 600} => LimitOrOwnEnd(&["wall", "processes"]), Wall(2000)),
    attack!("bomb of python", "python", "bomb.py" [] {"run_timeout": 800} => LimitOrOwnEnd(&["wall", "processes"]), Wall(2000)),
    attack!("bomb of javascript", "javascript", "bomb.js" [] {"run_timeout": 1000} =>
        LimitOrOwnEnd(&["wall", "cpu", "processes", "memory", "output"]), Within(8000)),
    attack!("bomb of java", "java", "Bomb.java" [] {"run_timeout": 1500} =>
        LimitOrOwnEnd(&["wall", "cpu", "processes", "memory", "output"]), Within(5000)),
    attack!("bomb of c++", "c++", "bomb.cpp" [] {"run_timeout": 600} => LimitOrOwnEnd(&["wall", "processes", "memory"]), Within(5000)),
    attack!("one that ignores signals", "c", "stubborn.c" ["ignores signals"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that blocks signals", "c", "stubborn.c" ["blocks signals"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that stops itself", "c", "stubborn.c" ["stops itself"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that stops all", "c", "stubborn.c" ["stops all"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that stopped children", "c", "stubborn.c" ["stopped children"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that vfork", "c", "stubborn.c" ["vfork"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that fifo", "c", "stubborn.c" ["fifo"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that spins", "c", "stubborn.c" ["spins"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that closes all", "c", "stubborn.c" ["closes all"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that unmaps", "c", "stubborn.c" ["unmaps"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that threads", "c", "stubborn.c" ["threads"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that leader gone", "c", "stubborn.c" ["leader gone"] {"run_timeout": 300} => Limit("wall"), Stdout("started\n"), Wall(1000)),
    attack!("one that execs for ever", "c", "stubborn.c" ["execs"] {"run_timeout": 300} => Limit("wall"), Wall(1000)),
    attack!("one that signals init and all", "c", "stubborn.c" ["stops init"] {"run_timeout": 1000} => Content("started")),
    attack!("a time limit of 1 ms", "c", "stubborn.c" ["spins"] {"run_timeout": 1} => Limit("wall"), Wall(100)),
    attack!("a cpu limit over many threads", "c", "bomb.c" ["thread"] {"run_cpu_time": 200} =>
        LimitOrOwnEnd(&["cpu", "processes"]), Within(6000)),
];

/// Floods, and streams that nobody closes.
pub(crate) const OUTPUT: &[Attack] = &[
    attack!("flood of stdout", "c", "output.c" ["out"] {"run_timeout": 5000} => Limit("output"), Within(6000)),
    attack!("flood of stderr", "c", "output.c" ["err"] {"run_timeout": 5000} => Limit("output"), Within(6000)),
    attack!("flood of both", "c", "output.c" ["out err"] {"run_timeout": 5000} => Limit("output"), Within(6000)),
    attack!("flood byte by byte", "c", "output.c" ["packets"] {"run_timeout": 5000} => Limit("output"), Within(8000)),
    attack!("flood of nothing", "c", "output.c" ["nothing"] {"run_timeout": 500} => Limit("wall"), Stdout("")),
    attack!("flood of half characters", "c", "output.c" ["halves"] {"run_timeout": 5000} => Limit("output"), Within(8000)),
    attack!("streams held and written by a child", "c", "output.c" ["held"] {} => Content("done"), Within(5000)),
    attack!("streams held by a silent child", "c", "output.c" ["held quietly"] {} => Content("done"), Within(5000)),
];

/// Compile-time reads. Whatever the compiler says, it can't say what it can't read.
pub(crate) const COMPILERS: &[Attack] = &[
    source!("#include of the host's shadow file", "c", "#include \"/etc/shadow\"\nint main() {}" =>
        CompileFails, Without("root:"), Without("$6$")),
    source!("#include of the inside's environment", "c", "#include \"/proc/self/environ\"\nint main() {}" =>
        Without("CARGO"), Without("RUST")),
    source!("#include of init's memory", "c++", "#include \"/proc/1/maps\"\n#include \"/proc/1/environ\"\nint main() {}" =>
        CompileFails, Without("capsule-agent")),
    source!(".incbin of the host's shadow file", "c",
        "__asm__(\".incbin \\\"/etc/shadow\\\"\");\nint main() {}" => CompileFails, Without("root:")),
    source!(".incbin of the host's disk", "c",
        "__asm__(\".incbin \\\"/dev/vda\\\"\");\nint main() {}" => CompileFails),
    attack!("a compiler that reads for ever", "c", "endless.c" [] {"compile_memory_limit": 134217728} => CompileFails, Within(15000)),
    source!("an #include of itself", "c", "#include __FILE__\n#include __FILE__\nint main() {}" =>
        CompileFails, Within(15000)),
    source!("java reads the host's shadow file", "java",
        "public class Main { public static void main(String[] a) throws Exception { try { System.out.println(new \
         String(java.nio.file.Files.readAllBytes(java.nio.file.Path.of(\"/etc/shadow\")))); } catch \
         (java.nio.file.NoSuchFileException e) { System.out.println(\"absent\"); } } }" => Content("absent")),
    source!("javascript reads the host's shadow file", "javascript",
        "try { console.log(require('fs').readFileSync('/etc/shadow', 'utf8')); } catch (e) { console.log(e.code); }" =>
        Content("ENOENT")),
];
