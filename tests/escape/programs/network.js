// The same from JavaScript: a metadata service, the node, and the world, over http and fetch.
const net = require("net");
const port = Number(process.argv[2]);
const targets = [["169.254.169.254", 80], ["168.63.129.16", 80], ["127.0.0.1", port], ["::1", port], ["fd00:ec2::254", 80], ["::ffff:169.254.169.254", 80], ["8.8.8.8", 53]];
let left = targets.length + 1;
const done = () => --left || console.log(targets.length, "calls");
for (const [host, port] of targets) {
    const socket = net.connect({ host, port, timeout: 2000 });
    socket.on("connect", () => { console.log("WRONG connected", host); socket.destroy(); done(); });
    socket.on("timeout", () => { console.log("WRONG no answer", host); socket.destroy(); done(); });
    socket.on("error", (e) => { if (!/ENETUNREACH|ECONNREFUSED|EHOSTUNREACH|EADDRNOTAVAIL/.test(e.code)) console.log("WRONG", host, e.code); done(); });
}
fetch("http://169.254.169.254/metadata/instance", { headers: { Metadata: "true" } })
    .then(() => console.log("WRONG fetched"), () => {}).then(done);
