public class Main {
    public static void main(String[] args) throws Exception {
        String input = new String(System.in.readAllBytes()).strip();
        System.out.println(String.join("\n", "NONCE", args[0], input));
        for (int line = 0; line < LINES; line++) System.out.println("NONCE " + line);
    }
}
