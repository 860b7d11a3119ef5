// Every socket family with every type and the protocols that matter: only the allowed ones may exist.
#include "attack.h"

static int allowed(int family, int type, int protocol) {
    if (family == AF_UNIX) return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET;
    if (family != AF_INET && family != AF_INET6) return 0;
    if (type == SOCK_STREAM) return protocol == 0 || protocol == IPPROTO_TCP;
    return type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP);
}

int main(void) {
    // 0, ICMP, TCP, UDP, IPv6, DCCP, ESP, ICMPv6, SCTP, UDPLITE, raw, MPTCP, and every packet of a link.
    static const int protocols[] = {0, 1, 6, 17, 41, 33, 50, 58, 132, 136, 255, 262, 768};
    for (int family = 0; family <= 50; family++)
        for (int type = 0; type <= 10; type++)
            for (unsigned i = 0; i < sizeof protocols / sizeof *protocols; i++) {
                int protocol = protocols[i], fd = socket(family, type, protocol), got = errno;
                // Whatever else may be odd about an allowed one, the filter lets it through.
                int refused = fd < 0 && got == EPERM;
                checked++;
                if (refused == allowed(family, type, protocol) || (fd >= 0 && refused))
                    printf("WRONG socket(%d, %d, %d): %s\n", family, type, protocol, fd < 0 ? strerrorname_np(got) : "made");
                if (fd >= 0) close(fd);
                if (i == 0 && socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0 && !allowed(family, type, 0))
                    printf("WRONG socket(%d, %d with flags)\n", family, type);
                int pair[2];
                if (i == 0 && family != AF_UNIX) EXPECT(EPERM, "socketpair", socketpair(family, type, 0, pair));
            }
    EXPECT(EPERM, "vsock by a wide number", syscall(SYS_socket, 0xFFFFFFFF00000028, SOCK_STREAM, 0));
    int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
    char filter[16] = {0};
    EXPECT(EPERM, "TCP_ULP espintcp", setsockopt(tcp, IPPROTO_TCP, TCP_ULP, "espintcp", 9));
    EXPECT(EPERM, "TCP_ULP tls", setsockopt(tcp, IPPROTO_TCP, TCP_ULP, "tls", 4));
    EXPECT(EPERM, "UDP_ENCAP", setsockopt(udp, IPPROTO_UDP, 100, &one, 4));
    EXPECT(EPERM, "SO_ATTACH_FILTER", setsockopt(udp, SOL_SOCKET, SO_ATTACH_FILTER, filter, 16));
    EXPECT(EPERM, "SO_ATTACH_BPF", setsockopt(udp, SOL_SOCKET, SO_ATTACH_BPF, &one, 4));
    EXPECT(EPERM, "SO_ATTACH_REUSEPORT_CBPF", setsockopt(udp, SOL_SOCKET, 51, filter, 16));
    EXPECT(EPERM, "SO_ATTACH_REUSEPORT_EBPF", setsockopt(udp, SOL_SOCKET, 52, &one, 4));
    EXPECT(EPERM, "SO_ZEROCOPY", setsockopt(tcp, SOL_SOCKET, 60, &one, 4));
    EXPECT(EPERM, "SO_MARK", setsockopt(udp, SOL_SOCKET, SO_MARK, &one, 4));
    EXPECT(EPERM, "IP_TRANSPARENT", setsockopt(tcp, IPPROTO_IP, 19, &one, 4));
    // A kernel without the module knows no such option.
    int replaced = setsockopt(udp, IPPROTO_IP, 64, filter, 16) == 0 || (errno != EPERM && errno != ENOPROTOOPT);
    EXPECT(0, "IPT_SO_SET_REPLACE", replaced ? -1 : 0);
    EXPECT(0, "SO_REUSEADDR", setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, 4));
    EXPECT(0, "TCP_NODELAY", setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &one, 4));
    // The jail's loopback can't be changed.
    struct { char name[16]; short flags; char rest[22]; } request = {"lo", 0, {0}};
    EXPECT(EPERM, "SIOCSIFFLAGS", ioctl(udp, 0x8914, &request));
    EXPECT(EPERM, "SIOCSIFADDR", ioctl(udp, 0x8916, &request));
    // Each would load a module into the kernel, whoever asks.
    static const unsigned loading[] = {0x8940, 0x8941, 0x8982, 0x8983, 0x89a0, 0x89a1};
    for (unsigned i = 0; i < sizeof loading / sizeof *loading; i++) {
        EXPECT(EPERM, "bridge or VLAN", ioctl(udp, loading[i], "br0"));
        EXPECT(EPERM, "bridge or VLAN by a wide number", syscall(SYS_ioctl, udp, 0xFFFFFFFF00000000 | loading[i], "br0"));
    }
    return done();
}
