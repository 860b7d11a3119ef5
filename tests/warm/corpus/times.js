//: inputs = ["busy", "idle", "output"]
//: request = {run_cpu_time = 900, run_timeout = 4000}
// Into the limits on time and output.
console.log("starts");
const how = require("fs").readFileSync(0, "utf8").trim();
if (how === "busy") for (;;);
if (how === "idle") setTimeout(() => {}, 10_000);
// What does not fit into the pipe waits until the event loop has its turn.
const more = () => process.stdout.write("x".repeat(10_000), more);
if (how === "output") more();
