//: name = "main.mjs"
//: args = ["x"]
//: file = [{name = "other.mjs", content = "export default import.meta.url"}, {name = "old.cjs", content = "module.exports = [require.main === undefined, module.parent, __filename]"}]
import { createRequire } from "node:module";
import fs from "node:fs";
import other from "./other.mjs";
import old from "./old.cjs";

const require = createRequire(import.meta.url);
console.log(import.meta, other, old, process.argv, process.execArgv, process.mainModule, typeof globalThis.require, this);
console.log("loaded:", process.moduleLoadList.join(" "));
console.log(Object.keys(require.cache), require.main, Object.keys(require("module")._pathCache));
console.log(fs.openSync("main.mjs"), new Error("here").stack);
await new Promise((done) => setTimeout(done, 10));
console.log(await import("./absent.mjs").catch(String));
throw new Error("at the end");
