//: name = "Main.java"
import java.util.*;

public class Main {
    public static void main(String[] args) {
        List<String> list = new ArrayList<Integer>();
        int x = "text";
        undefined();
    }
}
