# Every address that a program could want to reach from a virtual machine: none answers. Arguments: the node's own port.
import errno, socket, sys

node = int(sys.argv[1])
REFUSED = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.EADDRNOTAVAIL, errno.EINVAL, errno.EACCES}
ADDRESSES = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "169.254.169.254", "168.63.129.16", "169.254.170.2", "10.0.0.1", "10.255.255.254",
    "172.17.0.1", "192.168.0.1", "192.168.1.1", "100.100.100.200", "8.8.8.8", "1.1.1.1", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fd00:ec2::254", "fe80::1%lo", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:168.63.129.16",
    "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2001:4860:4860::8888",
]
checked = 0
for address in ADDRESSES:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in (node, 22, 53, 80, 443, 2000, 2375, 8080, 32526):
        with socket.socket(family, socket.SOCK_STREAM) as tcp:
            tcp.settimeout(1)
            try:
                tcp.connect((address, port))
                print("WRONG connected to", address, port)
            except OSError as error:
                if error.errno not in REFUSED:
                    print("WRONG", address, port, error)
        checked += 1
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.01)
        try:
            udp.sendto(b"?", (address, 53))
            print("WRONG answer from", address, udp.recv(10))
        except OSError:
            pass
        checked += 1
try:
    print("WRONG name", socket.getaddrinfo("metadata.google.internal", 80))
except OSError:
    checked += 1
interfaces = [line.split(":")[0].strip() for line in open("/proc/self/net/dev").read().splitlines()[2:]]
if interfaces != ["lo"]:
    print("WRONG interfaces", interfaces)
with socket.socket() as server:
    server.bind(("127.0.0.1", 0))
    server.listen()
    socket.create_connection(server.getsockname()).close()  # its own loopback is there
print(checked, "calls")
