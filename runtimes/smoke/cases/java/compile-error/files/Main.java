public class Main { int }
