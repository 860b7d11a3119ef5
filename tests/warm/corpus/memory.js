//: inputs = ["heap", "buffers"]
//: request = {run_memory_limit = 100663296}
//: stderr_varies = true
// Into the limit on memory: the heap's own, and the jail's. The first says on stderr how long it tried.
const all = [];
switch (require("fs").readFileSync(0, "utf8").trim()) {
    case "heap":
        for (;;) all.push(new Array(100_000).fill(all.length));
    case "buffers":
        for (;;) all.push(Buffer.alloc(1 << 20, 1));
}
