//: stdin = "one\ntwo\nthree"
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => console.log("line", line));
lines.on("close", () => {
    console.log("close", process.stdin.readableEnded, process._getActiveHandles().length);
    throw new Error("in an event");
});
process.stdin.on("error", console.log);
