//! Does nothing: the floor of `wsm --version`.

fn main() {}
