struct MyModel;

switchback_guest::export!(MyModel);

fn main() {}
