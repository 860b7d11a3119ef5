//: inputs = ["busy", "output"]
//: request = {run_cpu_time = 2500, run_timeout = 6000}
// Into the limits on time and output.
class Times {
    public static void main(String[] args) throws Exception {
        String how = new String(System.in.readAllBytes()).trim();
        System.out.println("starts");
        while (how.equals("busy")) { }
        while (how.equals("output")) System.out.println("x".repeat(10_000));
    }
}
