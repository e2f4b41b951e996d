use diesel::prelude::*;

@MODS@
fn main() {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    let session = &mut connection;
    println!("{}", @SUM@);
}
