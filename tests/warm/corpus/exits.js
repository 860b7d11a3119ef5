//: inputs = ["3", "code", "throw", "string", "null", "reject", "handled", "term", "segv", "kill", "abort", "int", "handlers", "assert", "uncaught", "overflow",
//:           "big", "pending", "closed", "epipe", "warning", "deprecation", "emitter", "async", "vm", "json", "require", "json module", "timer", "abort signal",
//:           "bad code", "eval", "cause", "aggregate", "native", "worker", "worker fails", "worker fd", "fork", "spawn", "cluster", "stdin", "repl"]
// Each way in which a program can end, and what it can start, chosen by stdin.
const fs = require("fs");
const how = fs.readFileSync(0, "utf8").trim();

function overflow() {
    overflow();
}

const ways = {
    3: () => process.exit(3),
    code: () => (process.exitCode = 5),
    throw: () => {
        throw new RangeError("of main");
    },
    string: () => {
        throw "a string";
    },
    null: () => {
        throw null;
    },
    reject: () => Promise.reject(new Error("nobody handles it")),
    handled: () => {
        process.on("unhandledRejection", (error) => console.log("handler", error));
        Promise.reject(1);
    },
    term: () => process.kill(process.pid),
    segv: () => process.kill(process.pid, "SIGSEGV"),
    kill: () => process.kill(process.pid, "SIGKILL"),
    abort: () => process.kill(process.pid, "SIGABRT"),
    int: () => {
        process.on("SIGINT", (...all) => console.log(all));
        process.kill(process.pid, "SIGINT");
        setTimeout(() => {}, 50);
    },
    handlers: () => {
        process.on("exit", () => (process.exitCode = 9));
        process.once("beforeExit", () => setTimeout(() => console.log("again"), 1));
    },
    assert: () => require("assert").deepStrictEqual({ a: 1 }, { a: 2 }),
    uncaught: () => {
        process.on("uncaughtException", (error, origin) => console.log(error.message, origin));
        setTimeout(() => undefined.x, 1);
    },
    overflow,
    big: () => process.stdout.write("x".repeat(100_000)),
    pending: () => new Promise(() => {}),
    closed: () => {
        fs.closeSync(1);
        console.log("x");
    },
    epipe: () => process.stdout.destroy() && console.log("x"),
    warning: () => process.emitWarning("careful", "Kind", "CODE"),
    deprecation: () => [new Buffer(1), require("url").parse("http://x:y"), fs.exists],
    emitter: () => new (require("events"))().emit("error", new Error("emitted")),
    async: async () => {
        await null;
        throw new Error("in async");
    },
    vm: () => require("vm").runInThisContext("\nfoo(", "given.js"),
    json: () => JSON.parse("{x"),
    require: () => require("absent"),
    "json module": () => {
        fs.writeFileSync("/tmp/x.json", "{x");
        require("/tmp/x.json");
    },
    timer: () => setTimeout(() => process.exit(4), 20),
    "abort signal": () => AbortSignal.abort().throwIfAborted(),
    "bad code": () => process.exit("x"),
    eval: () => eval("1 +"),
    cause: () => {
        throw new Error("outer", { cause: new Error("inner") });
    },
    aggregate: () => Promise.any([Promise.reject(new Error("a"))]),
    native: () => [1].map(() => new Array(-1)),
    worker: () => {
        const { Worker } = require("worker_threads");
        const code = `const { workerData, parentPort } = require("worker_threads");
            console.log(process.argv, process.execArgv, workerData, require.main, Object.keys(require.cache), process.env.PWD, process.title);
            console.log(process.moduleLoadList.filter((name) => !/Binding/.test(name)).length, require("fs").openSync("/etc/passwd"));`;
        new Worker(code, { eval: true, workerData: 1, argv: ["x"] }).on("exit", (code) => console.log("worker", code));
    },
    "worker fails": () => {
        fs.writeFileSync("/tmp/w.js", "throw new Error('in a worker')");
        new (require("worker_threads").Worker)("/tmp/w.js").on("error", (error) => console.log(error.stack)).on("exit", console.log);
    },
    // A descriptor where the loader has its own, and which is nobody else's to read.
    "worker fd": () => {
        const open = [];
        while (open.at(-1) !== 63 && open.at(-1) !== 3 && open.length < 70) open.push(fs.openSync(__filename));
        const worker = new (require("worker_threads").Worker)(`require("fs").readSync(${open.at(-1)}, Buffer.alloc(4))`, { eval: true });
        worker.on("exit", (code) => console.log(code, open, open.map((number) => fs.readSync(number, Buffer.alloc(9)))));
    },
    fork: () => {
        fs.writeFileSync("/tmp/c.js", "process.send([process.argv, process.execArgv, process.ppid, require('fs').readdirSync('/proc/self/fd').length])");
        require("child_process").fork("/tmp/c.js", ["x"]).on("message", console.log).on("exit", console.log);
    },
    spawn: () => {
        const { spawnSync } = require("child_process");
        console.log(spawnSync(process.execPath, [...process.execArgv, "-p", "process.argv.concat(process.execArgv, process.pid)"], { encoding: "utf8" }));
        console.log(spawnSync("/bin/sh", ["-c", "ls /proc/self/fd | wc -l; ulimit -a; umask; echo $$ $PPID"], { encoding: "utf8" }));
    },
    cluster: () => {
        const cluster = require("cluster");
        cluster.setupPrimary();
        console.log(cluster.settings, cluster.isPrimary);
    },
    stdin: () => process.stdin.on("data", console.log).on("end", () => console.log("end", process.stdin.constructor.name, process.stdin.fd)),
    repl: () => require("repl").start({ input: process.stdin }),
};
process.stdout.write("starts ");
ways[how]();
