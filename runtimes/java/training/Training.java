import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.stream.Collectors;

/** A program like most that are sent: what it makes the JVM load while compiling and running goes into the archive. */
public class Training {
    interface Shape {
        double area();
    }

    record Circle(double radius) implements Shape {
        public double area() {
            return Math.PI * radius * radius;
        }
    }

    enum Colour { RED, GREEN }

    static <T extends Comparable<T>> T largest(List<T> items) {
        T best = items.get(0);
        for (T item : items) {
            if (item.compareTo(best) > 0) {
                best = item;
            }
        }
        return best;
    }

    public static void main(String[] args) throws Exception {
        var reader = new BufferedReader(new InputStreamReader(System.in));
        String line = reader.readLine();
        var scanner = new Scanner("1 2 3");
        List<Integer> numbers = new ArrayList<>();
        while (scanner.hasNextInt()) {
            numbers.add(scanner.nextInt());
        }
        Map<String, Integer> counts = new HashMap<>();
        for (Colour colour : Colour.values()) {
            switch (colour) {
                case RED -> counts.merge("red", 1, Integer::sum);
                default -> counts.put("other " + colour, counts.size());
            }
        }
        Shape shape = new Circle(2);
        String text = numbers.stream().filter(n -> n % 2 == 1).map(String::valueOf).collect(Collectors.joining(","));
        System.out.printf("%s %.2f %d %s %s%n", text, shape.area(), largest(numbers), counts, line);
        StringBuilder builder = new StringBuilder().append(Arrays.toString(new int[] {1, 2})).append(shape);
        System.out.println(builder);
        Thread thread = new Thread(() -> System.out.println("thread"));
        thread.start();
        thread.join();
        try {
            Integer.parseInt("x");
        } catch (NumberFormatException expected) {
            System.out.println(expected.getMessage());
        }
    }
}
