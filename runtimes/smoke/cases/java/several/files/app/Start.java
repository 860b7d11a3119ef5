/* package commented; */
package app;

import app.model.Shape;
import java.nio.file.Files;
import java.nio.file.Path;

public class Start {
    public static void main(String[] args) throws Exception {
        System.out.println(new Shape(3).area() + " " + args[0] + " " + Files.readString(Path.of("input.txt")).trim());
        System.out.println(Class.forName("app.model.Shape").getSimpleName());
        throw new IllegalStateException("on purpose");
    }
}
