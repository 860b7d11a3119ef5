// Makes answers.txt: which versions npm's own semver, in the version that Piston 3.1.1 has, says that a range matches.
//
//     npm install semver@7.3.5 && node answers.js >answers.txt
//
// A line is a range as JSON and, in hexadecimal, a number of which bit n is set where version n of the first line matches.
const { satisfies } = require("semver");

const versions = [
    "0.0.0", "0.0.1", "0.0.1-rc.1", "0.0.3", "0.0.4", "0.1.0", "0.1.2", "0.1.3", "0.2.0", "1.0.0-0", "1.0.0", "1.1.9",
    "1.2.0", "1.2.2", "1.2.3-alpha.2", "1.2.3-alpha.3", "1.2.3-alpha.7", "1.2.3-alpha.10", "1.2.3-alpha.beta", "1.2.3-beta.2",
    "1.2.3-beta.11", "1.2.3-rc.1", "1.2.3", "1.2.3+build", "1.2.4-beta.2", "1.2.4", "1.2.99", "1.3.0-0", "1.3.0", "1.10.0",
    "2.0.0-0", "2.0.0-alpha", "2.0.0", "2.3.4", "3.4.5-alpha.9", "3.4.5", "3.10.4", "3.11.2+data", "3.12.0-rc.2", "3.12.0-rc.10",
    "3.12.0", "4.0.0", "18.15.0", "900719925474099.0.0",
];
const partials = [
    "0", "0.0", "0.0.0", "0.0.1", "0.0.3", "0.0.1-rc.1", "0.0.x", "0.1", "0.1.2", "0.x", "1", "1.2", "1.2.3", "1.x", "1.2.x", "1.X.x",
    "1.x.3", "1.*", "x", "X", "*", "1.2.3-alpha.3", "1.2.3-alpha.beta", "1.2.3-beta.2", "1.2.3-rc.1", "1.2.3+build", "1.2.4-beta.2",
    "2", "2.0.0-0", "3.4.5-alpha.9", "3.11.2", "3.12", "3.12.0-rc.2", "3.12.0-rc.10", "4", "18.15.0", "9007199254740991.0.0",
];
const signs = ["", "=", "v", "=v", "^", "^v", "~", "~v", "~>", ">", ">=", "<", "<="];
const ranges = new Set(["", " ", "||", " || ", "\t", "1.2.3||", "||1.2.3", "^1\t||\t^3"]);

for (const sign of signs) {
    for (const partial of partials) {
        ranges.add(sign + partial);
        ranges.add(` ${sign} ${partial} `);
    }
}
for (const low of partials) {
    for (const high of partials) {
        ranges.add(`${low} - ${high}`);
    }
}

// A generator with a seed (mulberry32), so that the file can be made again.
let state = 735;
function below(most) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most;
}
const one = (list) => list[below(list.length)];
const comparison = () => one(signs) + one(["", "", "", " "]) + one(partials);
for (let count = 0; count < 1500; count += 1) {
    const both = [comparison(), comparison(), comparison()].slice(0, 1 + below(3)).join(one([" ", " ", "  ", "\t"]));
    ranges.add(below(3) === 0 ? `${both} || ${comparison()}` : both);
}

console.log(JSON.stringify(versions));
for (const range of ranges) {
    const bits = versions.reduce((sum, version, n) => sum | (BigInt(satisfies(version, range)) << BigInt(n)), 0n);
    console.log(`${JSON.stringify(range)} ${bits.toString(16)}`);
}
