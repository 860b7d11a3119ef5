public class Main {
    public static void main(String[] args) {
        long heap = Runtime.getRuntime().maxMemory();
        long limit = Long.parseLong(System.getenv("CAPSULE_MEMORY_LIMIT"));
        System.out.println(heap < limit && heap > limit * 2 / 5);
        throw new IllegalStateException("on purpose");
    }
}
