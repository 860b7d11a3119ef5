//: name = "sub/x.cjs"
console.log(__filename, module.paths, require.main === module, process.argv);
import "fs";
