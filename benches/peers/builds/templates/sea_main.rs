@MODS@
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let connection = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
    let session = &connection;
    println!("{}", @SUM@);
}
