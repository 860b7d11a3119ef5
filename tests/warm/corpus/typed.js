//: name = "main.js"
//: file = [{name = "package.json", content = '{"type": "module", "imports": {"#x": "./x.js"}}'}, {name = "x.js", content = "export const x = import.meta.url;"}]
import { x } from "#x";
console.log(x, process.argv, typeof require, typeof module);
await import("node:fs").then((fs) => console.log(fs.openSync("x.js")));
