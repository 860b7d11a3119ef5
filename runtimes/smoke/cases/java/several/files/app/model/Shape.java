package app.model;

public record Shape(int side) {
    public int area() {
        return side * side;
    }
}
