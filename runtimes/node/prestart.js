// Loaded by a node that is started ahead of its job: says so on descriptor 3, waits there for the job, then lets node go on as if it had been
// started with the job's main file and arguments. Nothing of it is left that a program could see.
"use strict";

{
    const fs = require("fs");
    fs.writeSync(3, "r");
    const pieces = [];
    const piece = Buffer.alloc(65536);
    let length;
    while ((length = fs.readSync(3, piece)) > 0) {
        pieces.push(Buffer.from(piece.subarray(0, length)));
    }
    fs.closeSync(3);
    const words = Buffer.concat(pieces).toString().split("\0").slice(0, -1);
    // Node resolves the main file's path when it is started.
    process.argv.splice(1, Infinity, require("path").resolve(words[0]), ...words.slice(1));
    process.execArgv = process.execArgv.filter((word, at, all) => word !== "--require" && all[at - 1] !== "--require");
    delete require.cache[__filename];
}
