fn main() {
    println!("before");
    let none: Option<u8> = None;
    none.unwrap();
}
