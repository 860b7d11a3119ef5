const input = require("fs").readFileSync(0, "utf8").trim();
console.log(["NONCE", process.argv[2], input].join("\n"));
for (let line = 0; line < LINES; line++) console.log(`NONCE ${line}`);
