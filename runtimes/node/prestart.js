// Loaded by a node that is started ahead of its job: says so on descriptor 63, waits there for the job, then lets node go on as if it
// had been started with the job's main file and arguments. Node loads it into each worker of a program as well, where it has nothing
// to wait for. Nothing of it is left that a program could see.
"use strict";

{
    // What a worker may not call is marked so.
    const isWorker = process.chdir.disabled;
    if (!isWorker) {
        const fs = require("fs");
        fs.writeSync(63, "r");
        const pieces = [];
        const piece = Buffer.alloc(65536);
        let length;
        while ((length = fs.readSync(63, piece)) > 0) {
            pieces.push(Buffer.from(piece.subarray(0, length)));
        }
        fs.closeSync(63);
        const words = Buffer.concat(pieces).toString().split("\0").slice(0, -1);
        process.chdir(process.env.PWD);
        // Node resolves the main file's path when it is started.
        process.argv.splice(1, Infinity, require("path").resolve(words[0]), ...words.slice(1));
    }
    process.execArgv = process.execArgv.filter((word, at, all) => word !== "--require" && all[at - 1] !== "--require");
    process._preload_modules.length = 0;
    delete require.cache[__filename];
    delete module.constructor._pathCache[`${__filename}\0`];
}
