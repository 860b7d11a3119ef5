// The same from Java.
import java.net.*;

public class Network {
    public static void main(String[] args) throws Exception {
        String[] hosts = {"169.254.169.254", "168.63.129.16", "127.0.0.1", "::1", "fd00:ec2::254", "8.8.8.8"};
        int[] ports = {80, Integer.parseInt(args[0])};
        for (String host : hosts)
            for (int port : ports)
                try (Socket socket = new Socket()) {
                    socket.connect(new InetSocketAddress(host, port), 2000);
                    System.out.println("WRONG connected to " + host);
                } catch (SocketTimeoutException e) {
                    System.out.println("WRONG no answer from " + host);
                } catch (SocketException e) {
                    // refused or unreachable, as it has to be
                }
        System.out.println(hosts.length * ports.length + " calls");
    }
}
