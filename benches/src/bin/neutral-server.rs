//! Listens on a free port of 127.0.0.1, prints its address as one line, and answers until it is ended or its input is
//! closed, so that it never outlives the program that started it.

use std::io::{Read, Result};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the address is this program's output")]
async fn main() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    std::thread::spawn(|| {
        _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    workspace_members_benches::server::serve(listener).await
}
