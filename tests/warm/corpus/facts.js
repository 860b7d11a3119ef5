//: stdin = "first\n"
// What a program can see of node and of what is around it, a fact a line.
const required = Object.keys(require.cache);
const children = module.children.map((child) => child.id);
const loaded = process.moduleLoadList.slice();
const globals = Object.getOwnPropertyNames(globalThis);
const fs = require("fs");
const v8 = require("v8");
const os = require("os");
const crypto = require("crypto");
const Module = require("module");
const util = require("util");

const fact = (name, value) => console.log(`${name}: ${util.inspect(value, { depth: 8, breakLength: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity, sorted: false })}`);
const told = (what, ...args) => {
    try {
        return what(...args);
    } catch (error) {
        return `${error.name} ${error.code} ${error.message}`;
    }
};
const read = (path) => told(fs.readFileSync, path, "latin1");

for (const name of ["argv", "argv0", "execArgv", "execPath", "env", "title", "exitCode", "debugPort", "version", "versions", "config", "features", "release", "arch",
    "platform", "pid", "ppid", "connected", "channel", "report", "allowedNodeEnvironmentFlags", "domain", "throwDeprecation", "traceDeprecation",
    "noDeprecation", "sourceMapsEnabled", "_exiting", "_eval", "_preload_modules", "stdin.isTTY", "stdout.isTTY", "stderr.isTTY"]) {
    let value = process;
    for (const part of name.split(".")) value = value?.[part];
    fact(`process.${name}`, name === "report" ? { ...value, getReport: undefined } : value);
}
fact("process properties", Object.getOwnPropertyNames(process));
fact("main", [require.main === module, process.mainModule === module, module.id, module.filename, module.loaded, module.parent, module.paths, __filename, __dirname, require.extensions]);
fact("children", children);
fact("module keys", Object.keys(module));
fact("required", required);
fact("caches", [Object.keys(Module._cache), Object.keys(Module._pathCache), Module.globalPaths, Object.keys(Module._extensions)]);
fact("loaded", loaded.join(" "));
fact("globals", globals);
fact("this", [this === module.exports, arguments.length, Object.keys(global)]);
fact("stack", new Error("here").stack);
fact("traces", [Error.stackTraceLimit, Error.prepareStackTrace]);
fact("handles", [process._getActiveHandles().length, process._getActiveRequests().length, process.getActiveResourcesInfo()]);
fact("listeners", process.eventNames().map((name) => [name, process.listenerCount(name)]));
fact("umask", process.umask());
fact("cwd", process.cwd());
fact("ids", [process.getuid(), process.geteuid(), process.getgid(), process.getgroups(), os.getPriority(), os.userInfo(), os.homedir(), os.tmpdir(), os.hostname()]);
fact("heap limit", v8.getHeapStatistics().heap_size_limit);
fact("locale", [Intl.DateTimeFormat().resolvedOptions().locale, Intl.DateTimeFormat().resolvedOptions().timeZone, os.EOL, os.endianness()]);
const report = process.report.getReport();
fact("report command line", report.header.commandLine);
fact("report", [report.header.cwd, report.header.trigger, report.userLimits, report.environmentVariables, report.libuv.map((handle) => [handle.type, handle.is_active, handle.is_referenced])]);
fact("report stack", report.javascriptStack);
const open = [1, 2, 3].map(() => fs.openSync(__filename));
fact("next descriptors", open);
open.forEach((number) => fs.closeSync(number));
fact("descriptors", fs.readdirSync("/proc/self/fd").map((number) => [number, String(told(fs.readlinkSync, `/proc/self/fd/${number}`)).split(":[")[0]]));
fact("threads", fs.readdirSync("/proc/self/task").map((task) => read(`/proc/self/task/${task}/comm`)));
fact("processes", fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)));
for (const name of ["cmdline", "environ", "comm", "cgroup", "limits", "oom_score_adj"]) fact(name, read(`/proc/self/${name}`));
for (const line of read("/proc/self/status").split("\n")) {
    if (!/^(Vm|Rss|Hugetlb|voluntary|nonvoluntary)/.test(line)) fact(`status ${line.split(":")[0]}`, line);
}
fact("maps", [...new Set(read("/proc/self/maps").split("\n").map((line) => line.split(/\s+/)[5]).filter(Boolean))].sort());
for (const folder of ["/", "/box", "/box/submission", "/tmp", "/dev/shm"]) {
    fact(`folder ${folder}`, told(() => fs.readdirSync(folder).sort().map((name) => {
        const found = fs.lstatSync(`${folder}/${name}`);
        return [name, found.mode.toString(8), found.uid, found.gid, found.isFile() ? found.size : 0];
    })));
}
fact("stdin", [told(fs.readFileSync, 0, "utf8"), told(fs.readFileSync, 0, "utf8")]);
fact("async hooks", [require("async_hooks").executionAsyncId(), require("async_hooks").triggerAsyncId(), require("async_hooks").executionAsyncResource()]);
fact("performance", [require("perf_hooks").performance.getEntries().length]);
fact("inspector", told(() => require("inspector").url()));
fact("vm", [require("vm").runInNewContext("typeof require + Object.keys(this)"), eval("typeof require")]);
fact("resolve", [require.resolve.paths("x"), told(require.resolve, "x"), told(require, "./absent")]);
console.log("fresh math:", Math.random());
console.log("fresh uuid:", crypto.randomUUID());
console.log("fresh bytes:", crypto.randomBytes(8).toString("hex"));
console.log("fresh integer:", crypto.randomInt(1e12));
console.log("fresh web crypto:", crypto.webcrypto.getRandomValues(new Uint32Array(4)).join());
console.log("fresh origin:", performance.timeOrigin);
process.on("beforeExit", (code) => console.log("before exit", code));
process.on("exit", (code) => console.log("exit", code));
process.nextTick(() => console.log("tick"));
setImmediate(() => console.log("immediate"));
Promise.resolve().then(() => console.log("promise"));
