//: name = "main.js"
//: file = [{name = "a.js", content = "exports.early = 1;\nconst b = require('./b');\nexports.late = b.seen;"},
//:         {name = "b.js", content = "exports.seen = Object.keys(require('./a'));\nexports.main = require.main.filename;"},
//:         {name = "node_modules/dep/index.js", content = "module.exports = module.paths;"},
//:         {name = "fail.js", content = "\n\nthrow new TypeError('of a module');"}]
console.log(require("./a"), require("./b"), require("dep"), Object.keys(require.cache), module.children.map((child) => child.id));
console.log(require("module")._pathCache);
require("./fail");
